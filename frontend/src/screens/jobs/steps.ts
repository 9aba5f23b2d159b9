/** The steps in which a job's metadata grew. */
import { changes, type Json, patched } from "@/parts/merge-patch";
import { fileName, inputOf, isPatchApplied, type LogItem, patchOf } from "../executions/words";

export type Step = {
  key: string;
  hookPoint: string;
  file?: string;
  /** The hook's execution; absent where the pipeline brought it. */
  log?: LogItem;
  before: Json;
  after: Json;
  /** What it would be had a failed hook's patch counted. */
  wanted: Json;
  isApplied: boolean;
  /** How many places it changed. */
  count: number;
};

/** From executions in any order, those of stage runs. */
export function stepsOf(logs: readonly LogItem[]): Step[] {
  const inOrder = logs
    .filter(({ stage_run_id, is_test }) => stage_run_id && !is_test)
    .sort((a, b) => a.id - b.id);
  const runs = new Map<string, LogItem[]>();
  for (const log of inOrder) {
    const run = runs.get(log.stage_run_id!);
    if (run) run.push(log);
    else runs.set(log.stage_run_id!, [log]);
  }
  const steps: Step[] = [];
  let left: Json = {};
  for (const [id, run] of runs) {
    const first = run[0]!;
    const given: Json = inputOf(first).metadata ?? {};
    const path = inputOf(first).segment_path;
    const about = { hookPoint: first.hook_point ?? "", file: path ? fileName(path) : undefined };
    steps.push(stepFrom(`run-${id}`, about, left, given, true));
    left = given;
    for (const log of run) {
      const before: Json = inputOf(log).metadata ?? left;
      const patch = patchOf(log);
      const wanted: Json = patch === undefined ? before : patched(before, patch);
      steps.push({ ...stepFrom(String(log.id), about, before, wanted, isPatchApplied(log)), log });
      left = isPatchApplied(log) ? wanted : before;
    }
  }
  return steps;
}

function stepFrom(
  key: string,
  about: { hookPoint: string; file?: string },
  before: Json,
  wanted: Json,
  isApplied: boolean,
): Step {
  return {
    key,
    ...about,
    before,
    wanted,
    after: isApplied ? wanted : before,
    isApplied: isApplied || changes(before, wanted).length === 0,
    count: isApplied ? changes(before, wanted).length : 0,
  };
}
