/** Events in words. */
import type { Schemas } from "@/api/client";
import { isKnown } from "@/parts/known";

export type EventShown = Schemas["EventShown"];
export type EventType = Schemas["EventType"];

type Data = Record<string, unknown>;

const text = (value: unknown): string =>
  typeof value === "string" || typeof value === "number" ? String(value) : "";

const jobOf = (data: Data) =>
  `Job ${text(data.job_id)}${data.external_ref ? ` (${text(data.external_ref)})` : ""}`;

const at = (data: Data) => (data.hook_point ? ` at ${text(data.hook_point)}` : "");

/** What Stagehook itself says, as a sentence. */
const SENTENCES: Record<string, (data: Data) => string> = {
  job_created: (data) => `${jobOf(data)} was created`,
  job_completed: (data) => `${jobOf(data)} was completed`,
  job_failed: (data) => `${jobOf(data)} was halted${at(data)}: ${text(data.reason)}`,
  job_review_requested: (data) => `${jobOf(data)} waits for a review: ${text(data.reason)}`,
  job_review_resolved: (data) =>
    `${jobOf(data)} was ${data.decision === "reject" ? "rejected" : "resumed"}${data.note ? `: ${text(data.note)}` : ""}`,
  hook_blocked: (data) =>
    `${text((data.hook as Data | undefined)?.name)} halted job ${text(data.job_id)}${at(data)}`,
  hook_changed: (data) =>
    `${text(data.name)} was ${text(data.change)}${data.actor ? ` by ${text(data.actor)}` : ""}`,
  hook_disabled: (data) => `${text(data.name)} was disabled: ${text(data.reason)}`,
  plugin_published: (data) =>
    `${text(data.name)} ${text(data.version)} was published${data.actor ? ` by ${text(data.actor)}` : ""}`,
  stage_run_completed: (data) =>
    `${text(data.hook_point)} of job ${text(data.job_id)}: ${text(data.verdict)}`,
  hook_executed: (data) =>
    `${text((data.hook as Data | undefined)?.name ?? data.hook_name)} ${text(data.status).replaceAll("_", " ")}`,
};

const MOST_FIELDS = 4;
const LONGEST = 60;

/** An event in one line: a sentence where Stagehook knows one, otherwise the first of its data. */
export function sayEvent(name: string, data: Data): string {
  // A studio may have a type of the name `constructor`.
  const sentence = Object.hasOwn(SENTENCES, name) && SENTENCES[name]?.(data).trim();
  if (sentence) return sentence;
  return Object.entries(data)
    .filter(([, value]) => isKnown(value) && typeof value !== "object")
    .slice(0, MOST_FIELDS)
    .map(([key, value]) => `${key}: ${cut(String(value))}`)
    .join(", ");
}

const cut = (text: string) => (text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text);

/** Whom an event is about, where it says so beside its data. */
export const isAboutScope = (event: EventShown): boolean =>
  event.scope_type === "project" || event.scope_type === "scene_type";
