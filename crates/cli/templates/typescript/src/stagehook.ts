// The contract with Stagehook, as a plugin's author likes to see it: JSON is
// parsed, and what is not said has its usual value. The typed contract itself is
// in wit/ and, as TypeScript, in types/.
import type { Context } from 'stagehook:hook/call@0.2.0';
import type * as handler from 'stagehook:hook/handler@0.2.0';
import type { Failure, Manifest, Outcome, Problem } from 'stagehook:hook/types@0.2.0';

/** Anything that JSON can hold. */
export type Json = any;

/** What a call is about. */
export interface Call<Settings> {
  /** Who calls and why: the hook, the job, the trigger, the limits. */
  context: Context;
  /** The stage's metadata, with the patches of the hooks before this one. */
  metadata: Json;
  /** What the pipeline knows about the scene. */
  sceneContext: Json;
  /** The `settings` of the hook. They fit the schema. */
  settings: Settings;
}

export interface Plugin<Settings> {
  manifest: Pick<Manifest, 'name' | 'version' | 'description'> & {
    /** Hook points that the plugin is made for. None: any. */
    hookPoints?: string[];
    /** What the plugin needs and a hook has to grant. */
    capabilities?: Manifest['capabilities'];
    /** JSON Schema of the settings. Stagehook holds every hook's settings against it. */
    settingsSchema?: Json;
  };
  /** Does the work. To say that it could not be done, throw `failure(…)`. */
  run(call: Call<Settings>): Outcome | Promise<Outcome>;
  /** Checks settings beyond what the schema can say, when a hook is saved. */
  checkSettings?(settings: Settings): Problem[];
}

/** More about an outcome; `metadata` is a merge patch to the stage's metadata. */
type Details = Partial<Omit<Outcome, 'status' | 'metadata'>> & { metadata?: Json };

function outcome(status: Outcome['status'], { metadata, ...details }: Details): Outcome {
  return {
    annotations: [],
    artifacts: [],
    metrics: [],
    ...details,
    status,
    metadata: metadata === undefined ? undefined : JSON.stringify(metadata),
  };
}

/** Nothing stands in the way. */
export const pass = (details: Details = {}) => outcome('pass', details);

/** The media does not pass. */
export const fail = (message: string, details: Details = {}) =>
  outcome('fail', { message, ...details });

/** There was nothing to do. */
export const skip = (message: string) => outcome('skip', { message });

/** A person has to look. */
export const needsReview = (message: string, details: Details = {}) =>
  outcome('needs-review', { message, ...details });

/** To throw where the plugin could not do its work: `throw failure('…')`. */
export const failure = (message: string, retryable = false): Failure => ({ message, retryable });

/** What the component exports, as `handler`. */
export function definePlugin<Settings>(plugin: Plugin<Settings>) {
  return {
    describe: (): Manifest => ({
      hookPoints: [],
      capabilities: [],
      ...plugin.manifest,
      settingsSchema: JSON.stringify(plugin.manifest.settingsSchema),
    }),
    async run(context: Context, metadata: string, sceneContext: string, settings: string) {
      try {
        return await plugin.run({
          context,
          metadata: JSON.parse(metadata),
          sceneContext: JSON.parse(sceneContext),
          settings: JSON.parse(settings),
        });
      } catch (error) {
        // An Error that nobody foresaw would end the instance without a word.
        throw error instanceof Error ? failure(`${error.name}: ${error.message}`) : error;
      }
    },
    checkSettings(settings: string): void {
      const problems = plugin.checkSettings?.(JSON.parse(settings)) ?? [];
      if (problems.length > 0) throw problems;
    },
  } satisfies Record<keyof typeof handler, unknown>;
}
