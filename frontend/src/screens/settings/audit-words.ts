/** Changes in words. */
import type { Schemas } from "@/api/client";

type Entry = Schemas["AuditEntry"];

const VERBS: Record<string, string> = {
  create: "was created",
  update: "was changed",
  put: "was set",
  delete: "was deleted",
  archive: "was deleted",
  disable: "was disabled",
  enable: "was enabled",
  pause: "was paused",
  resume: "was resumed",
  review: "was reviewed",
  restore: "was restored to a former revision",
  reorder: "was put in another place",
  sign: "was signed",
  ensure: "was set by the server",
  retry: "was begun anew",
  replay: "were replayed",
  publish: "was published",
  yank: "was yanked",
  unyank: "is offered again",
  install: "was installed",
  revoke: "was revoked",
  import: "were imported",
  push: "was pushed",
  rekey: "were encrypted anew",
  complete: "was completed",
  cancel: "was cancelled",
};

const KINDS: Record<string, string> = {
  hook: "Hook",
  job: "Job",
  project: "Project",
  stage_run: "Stage run",
  scene_type: "Scene type",
  event_type: "Event type",
  plugin: "Plugin",
  secret: "Secret",
  api_token: "Token",
  token: "Token",
  script: "Script",
  delivery: "Delivery",
  test_case: "Test case",
};

export const SUBJECTS = Object.entries(KINDS).map(([value, label]) => ({
  value,
  label: label.toLowerCase(),
}));

/** "Hook color_grade was changed"; what is not known is said as the server says it. */
export function sayChange(entry: Entry): string {
  const [, did = entry.action] = entry.action.split(".");
  const kind = KINDS[entry.subject_type] ?? entry.subject_type.replaceAll("_", " ");
  return `${kind} ${nameOf(entry) ?? entry.subject_id} ${VERBS[did] ?? did.replaceAll("_", " ")}`;
}

export function nameOf({ before, after, subject_id }: Entry): string | undefined {
  for (const value of [after, before] as (Record<string, unknown> | null | undefined)[]) {
    if (typeof value?.name === "string") return value.name;
  }
  return Number.isNaN(Number(subject_id)) ? subject_id : undefined;
}

export function subjectLink({ subject_type, subject_id, after }: Entry): string | undefined {
  if (!after) return undefined;
  switch (subject_type) {
    case "hook":
      return `/hooks/${subject_id}`;
    case "job":
      return `/jobs/${subject_id}`;
    case "delivery":
      return `/deliveries/${subject_id}`;
    case "event_type":
      return `/event-types?type=${encodeURIComponent(subject_id)}`;
    case "plugin":
      return `/plugins/${subject_id.replace("@", "/")}`;
    case "script":
      return `/scripts/${subject_id}`;
    default:
      return undefined;
  }
}
