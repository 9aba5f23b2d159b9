/// <reference path="./stagehook-hook-types.d.ts" />
declare module 'stagehook:hook/call@0.2.0' {
  export type HookInfo = import('stagehook:hook/types@0.2.0').HookInfo;
  export type JobInfo = import('stagehook:hook/types@0.2.0').JobInfo;
  export type Json = import('stagehook:hook/types@0.2.0').Json;
  export type Outcome = import('stagehook:hook/types@0.2.0').Outcome;
  export type Trigger = import('stagehook:hook/types@0.2.0').Trigger;
  /**
   * How an execution ended.
   * # Variants
   * 
   * ## `"passed"`
   * 
   * Ran, and all is well.
   * ## `"failed"`
   * 
   * Ran, and something is wrong.
   * ## `"skipped"`
   * 
   * Ran, and did not apply. Counts as a success.
   * ## `"needs-review"`
   * 
   * A person has to look.
   * ## `"timed-out"`
   * 
   * Took longer than it may.
   * ## `"killed"`
   * 
   * Ended by a signal of its own.
   * ## `"out-of-memory"`
   * 
   * Used more memory than it may.
   * ## `"out-of-fuel"`
   * 
   * Computed more than it may.
   * ## `"limit-exceeded"`
   * 
   * Went beyond another limit.
   * ## `"invalid-result"`
   * 
   * Answered something that is no result.
   * ## `"refused"`
   * 
   * Not run: a grant or a rule forbade it.
   * ## `"host-error"`
   * 
   * Not run: the host could not start it.
   * ## `"cancelled"`
   * 
   * Called off.
   * ## `"interrupted"`
   * 
   * Cut off when the host stopped.
   */
  export type ExecutionStatus = 'passed' | 'failed' | 'skipped' | 'needs-review' | 'timed-out' | 'killed' | 'out-of-memory' | 'out-of-fuel' | 'limit-exceeded' | 'invalid-result' | 'refused' | 'host-error' | 'cancelled' | 'interrupted';
  /**
   * What another hook came to, in the same stage run.
   */
  export interface PreviousResult {
    /**
     * The hook, and the level of the inheritance chain that it comes from.
     */
    hook: HookInfo,
    /**
     * How its execution ended.
     */
    status: ExecutionStatus,
    /**
     * What it answered. Absent where it answered nothing, such as a script
     * that has no result, or a hook that was ended. `metadata` is its own
     * patch; what came of all patches is what `run` is given as `metadata`.
     */
    result?: Outcome,
  }
  /**
   * Everything about a call except the stage data itself.
   */
  export interface Context {
    /**
     * UUID of this execution, as it will stand in the log.
     */
    executionId: string,
    hook: HookInfo,
    /**
     * Absent where the trigger is an event that belongs to no job.
     */
    job?: JobInfo,
    trigger: Trigger,
    /**
     * Path of the media file *as the plugin sees it*, such as
     * `/segment/seg_003.mp4`. Present when the stage has a segment and the
     * hook grants it (`"segment": "read"` or `"write"`).
     */
    segmentPath?: string,
    /**
     * Counted from 1. More than 1 only for event hooks that are retried.
     */
    attempt: number,
    /**
     * How long the call may take in all, counted from its start. What is
     * left of it: `host.remaining-ms`.
     */
    deadlineMs: bigint,
    /**
     * True in a test run: compute the answer, change nothing outside.
     */
    dryRun: boolean,
    /**
     * What the hooks that ran before this one in the same stage run came to,
     * in the order in which they ran. JSON text in 0.1.0.
     */
    previousResults: Array<PreviousResult>,
    /**
     * What the hook that this one extends came to, where it extends one.
     * JSON text in 0.1.0.
     */
    inherited?: PreviousResult,
    /**
     * JSON: the data of the event, where the trigger is one.
     */
    data?: Json,
  }
}
