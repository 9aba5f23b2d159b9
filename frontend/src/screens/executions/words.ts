/** An execution in words: what it was told, how it ended, and what that meant. */
import type { Schemas } from "@/api/client";
import { isKnown } from "@/parts/known";
import type { Json } from "@/parts/merge-patch";
import { type ExecutionStatus, sayStatus } from "@/parts/outcome";
import { sayDuration } from "@/parts/time";

export type LogItem = Schemas["LogItem"];

type Members = { [key: string]: Json };

/** What the hook was told (`hook/1`), as far as it is shown. */
export type HookInput = {
  job?: {
    id: number;
    project_id: number;
    scene_type_id?: number | null;
    external_ref?: string | null;
  } | null;
  trigger?: { hook_point?: string; event?: string; event_id?: string };
  segment_path?: string | null;
  metadata?: Members;
  scene_context?: Members;
  hook_config?: Members;
  data?: Members | null;
  deadline_ms?: number;
  previous_results?: Json[];
  inherited?: Json;
};

export const inputOf = (log: Pick<LogItem, "input">): HookInput =>
  (log.input ?? {}) as unknown as HookInput;

export const fileName = (path: string): string => path.slice(path.lastIndexOf("/") + 1);

/** What set it off, by the names that configs use. */
export const triggerOf = (log: Pick<LogItem, "hook_point" | "event" | "input">): string => {
  const { trigger } = inputOf(log);
  return log.hook_point ?? trigger?.event ?? log.event ?? "";
};

/** The arguments that tell one run from another: the job's name and the file. */
export function argumentsOf(log: LogItem): string[] {
  const { job, segment_path, data } = inputOf(log);
  const said: string[] = [];
  if (job) said.push(job.external_ref ? `job ${job.id} ${job.external_ref}` : `job ${job.id}`);
  else if (isKnown(log.job_id)) said.push(`job ${log.job_id}`);
  if (segment_path) said.push(fileName(segment_path));
  for (const [key, value] of Object.entries(data ?? {}).slice(0, 3)) {
    if (typeof value === "string" || typeof value === "number") said.push(`${key}: ${value}`);
  }
  return said;
}

/** The first thing that one wants to know of it. */
export const saidBy = (log: Pick<LogItem, "error" | "result">): string =>
  log.error ?? log.result?.message ?? "";

const AFTER: Partial<Record<ExecutionStatus, string>> = {
  passed: "in",
  skipped: "in",
  needs_review: "in",
};

/** "Passed in 104 ms: 3 segments, complete and unchanged" */
export function sayOutcome(log: LogItem): string {
  const status = sayStatus(log.status);
  const how = `${status.charAt(0).toUpperCase()}${status.slice(1)}`;
  const when = `${AFTER[log.status] ?? "after"} ${sayDuration(log.duration_ms)}`;
  const said = saidBy(log);
  return said ? `${how} ${when}: ${said}` : `${how} ${when}`;
}

/** What its end did, or would have done. */
export function sayConsequence(log: LogItem): string | undefined {
  if (isKnown(log.delivery_id) || !isKnown(log.hook_point)) return undefined;
  const halts = log.status === "needs_review" || (!log.success && log.failure_mode === "block");
  if (log.is_test) {
    if (halts) return "In a stage run this would halt the job until a person reviews it.";
    if (log.success) return undefined;
    return log.failure_mode === "warn"
      ? "In a stage run the pipeline would go on with a warning."
      : "In a stage run the pipeline would go on; only the log would tell.";
  }
  if (log.status === "needs_review") return "It asked for a review, so the stage halted.";
  if (log.status === "cancelled" || log.status === "interrupted" || log.success) return undefined;
  if (halts) return "Its failure mode is block, so the stage halted.";
  return log.failure_mode === "warn"
    ? "Its failure mode is warn, so the pipeline went on with a warning."
    : "Its failure mode is ignore, so the pipeline went on.";
}

/** Whether its metadata patch counts: a failed hook changes nothing that is shipped. */
export const isPatchApplied = (log: Pick<LogItem, "status">): boolean =>
  log.status === "passed" || log.status === "skipped" || log.status === "needs_review";

export const patchOf = (log: Pick<LogItem, "result">): Json | undefined =>
  log.result?.metadata as Json | undefined;
