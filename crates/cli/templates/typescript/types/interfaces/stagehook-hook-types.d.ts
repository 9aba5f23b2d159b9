declare module 'stagehook:hook/types@0.2.0' {
  /**
   * JSON text, in UTF-8. Which kind of value is expected stands where it is
   * used.
   */
  export type Json = string;
  /**
   * The level of the inheritance chain that a hook comes from.
   * # Variants
   * 
   * ## `"studio"`
   * 
   * ## `"project"`
   * 
   * ## `"scene-type"`
   */
  export type ScopeLevel = 'studio' | 'project' | 'scene-type';
  /**
   * The hook that is being run.
   */
  export interface HookInfo {
    id: bigint,
    name: string,
    /**
     * Revision of the hook's configuration, counted from 1. This is not the
     * plugin's version.
     */
    version: number,
    source: ScopeLevel,
  }
  /**
   * The job that a hook runs for.
   */
  export interface JobInfo {
    id: bigint,
    projectId: bigint,
    /**
     * Absent for a job that is of no scene type.
     */
    sceneTypeId?: bigint,
    /**
     * The job's name in the pipeline that created it, such as `shot_010`.
     */
    externalRef?: string,
  }
  /**
   * The event that an event hook was triggered by.
   */
  export interface EventInfo {
    /**
     * Such as `job_failed`.
     */
    name: string,
    /**
     * UUID. The same event may be delivered more than once; this id tells.
     */
    id: string,
  }
  /**
   * Why the hook runs.
   */
  export type Trigger = TriggerStage | TriggerEvent;
  /**
   * A pipeline stage waits for the answer. Names the hook point, such as
   * `post_segment`.
   */
  export interface TriggerStage {
    tag: 'stage',
    val: string,
  }
  /**
   * An event happened. Nothing waits; what is answered is logged.
   */
  export interface TriggerEvent {
    tag: 'event',
    val: EventInfo,
  }
  /**
   * What the hook decided.
   * # Variants
   * 
   * ## `"pass"`
   * 
   * Nothing stands in the way.
   * ## `"fail"`
   * 
   * The check failed. What follows is up to the hook's failure mode.
   * ## `"skip"`
   * 
   * There was nothing to do here. Counts as a success.
   * ## `"needs-review"`
   * 
   * A person has to look. Halts the job without being an error.
   */
  export type Status = 'pass' | 'fail' | 'skip' | 'needs-review';
  /**
   * # Variants
   * 
   * ## `"info"`
   * 
   * ## `"warning"`
   * 
   * ## `"error"`
   */
  export type AnnotationLevel = 'info' | 'warning' | 'error';
  /**
   * One remark, to be shown beside the job.
   */
  export interface Annotation {
    level: AnnotationLevel,
    /**
     * Machine-readable kind of the remark, such as `loudness`.
     */
    code?: string,
    message: string,
    /**
     * The file that the remark is about.
     */
    path?: string,
    /**
     * Where in the media the remark begins.
     */
    startMs?: bigint,
    /**
     * Where in the media the remark ends.
     */
    endMs?: bigint,
  }
  /**
   * A file that the hook made.
   */
  export interface Artifact {
    path: string,
    /**
     * Media type, such as `video/mp4`.
     */
    mime?: string,
  }
  /**
   * A named measurement.
   */
  export interface Metric {
    name: string,
    value: number,
  }
  /**
   * What a call that ran to its end answers. All of it together is limited to
   * 1 MiB.
   */
  export interface Outcome {
    status: Status,
    /**
     * One line for people.
     */
    message?: string,
    annotations: Array<Annotation>,
    /**
     * JSON object: an RFC 7396 merge patch to the stage's metadata.
     */
    metadata?: Json,
    artifacts: Array<Artifact>,
    /**
     * Finite numbers only.
     */
    metrics: Array<Metric>,
  }
  /**
   * What a call answers that could not do its work.
   */
  export interface Failure {
    /**
     * For people: what went wrong and what to do about it.
     */
    message: string,
    /**
     * True where the same call may succeed later, such as when a service was
     * not reachable. Event hooks are then retried.
     */
    retryable: boolean,
  }
  /**
   * Something that a plugin needs and a hook has to grant.
   * # Variants
   * 
   * ## `"segment-read"`
   * 
   * Read the directory of the segment.
   * ## `"segment-write"`
   * 
   * Write to the directory of the segment.
   * ## `"directories"`
   * 
   * Directories that the hook's configuration names.
   * ## `"http"`
   * 
   * Outgoing HTTP to the hosts that the hook's configuration names.
   * ## `"environment"`
   * 
   * Environment values that the hook's configuration names.
   * ## `"secrets"`
   * 
   * Secrets that the hook's configuration names.
   */
  export type Capability = 'segment-read' | 'segment-write' | 'directories' | 'http' | 'environment' | 'secrets';
  /**
   * A capability that a plugin wants, and why.
   */
  export interface WantedCapability {
    capability: Capability,
    /**
     * For the person who decides whether to grant it.
     */
    reason: string,
  }
  /**
   * What a plugin says about itself.
   */
  export interface Manifest {
    /**
     * Lower-case letters, digits and `-`, such as `media-probe`.
     */
    name: string,
    /**
     * Semantic version, such as `1.4.0`.
     */
    version: string,
    /**
     * One or two sentences for the catalogue.
     */
    description: string,
    /**
     * Hook points that the plugin is made for. Empty: any.
     */
    hookPoints: Array<string>,
    capabilities: Array<WantedCapability>,
    /**
     * JSON object: a JSON Schema of the settings. Absent: no settings.
     */
    settingsSchema?: Json,
  }
  /**
   * What is wrong with one place of a hook's settings.
   */
  export interface Problem {
    /**
     * RFC 6901 JSON pointer into the settings. Empty: the whole.
     */
    pointer: string,
    detail: string,
  }
}
