/** Inputs to try a hook with: what its stage or its event would bring. */
import { type HookDocument, type HookPoint, patternMatches } from "@/parts/hook-words";
import { isMembers, type Json } from "@/parts/merge-patch";
import type { Schemas } from "@/api/client";
import { inputOf, type LogItem } from "../executions/words";

type Members = { [key: string]: Json };

/** What `POST /hooks/{id}/test` takes as the input, without what is empty. */
export type Sample = {
  segment_path?: string;
  metadata?: Members;
  scene_context?: Members;
  job_id?: number;
  event?: string;
  data?: Members;
};

const SHOT = "bbb_sh010";
const VARIANT = { name: "vintage", file_name: `${SHOT}_vintage.mp4`, duration_ms: 5_312 };
const SCENE = { location: "meadow", time_of_day: "noon" };
const FOLDER = "/media/shots/bbb_sh010";

const segment = (number: number) => ({
  number,
  start_ms: (number - 1) * 1_771,
  duration_ms: 1_771,
  file_name: `${SHOT}_vintage_s0${number}.mp4`,
});

const MEDIA = {
  container: "mp4",
  codecs: ["h264", "aac"],
  width: 1_280,
  height: 720,
  fps: 25,
  duration_seconds: 1.771,
};

/** As pipelines call the five stages. */
const STAGES: Record<HookPoint, { file: string; metadata: Members }> = {
  post_variant: { file: VARIANT.file_name, metadata: { variant: VARIANT } },
  pre_segment: {
    file: VARIANT.file_name,
    metadata: { variant: VARIANT, segment: { number: 1, start_ms: 0, duration_ms: 1_771 } },
  },
  post_segment: {
    file: segment(1).file_name,
    metadata: { variant: VARIANT, segment: segment(1), media: MEDIA },
  },
  pre_concatenation: {
    file: `${SHOT}_vintage.ffconcat`,
    metadata: { variant: VARIANT, segments: [segment(1), segment(2), segment(3)] },
  },
  post_delivery: {
    file: `${SHOT}_vintage_delivery.zip`,
    metadata: {
      variant: VARIANT,
      delivery: {
        file_name: `${SHOT}_vintage_delivery.zip`,
        files: [1, 2, 3].map((number) => segment(number).file_name),
      },
    },
  },
};

const JOB = { job_id: 42, project_id: 1, scene_type_id: 3, external_ref: SHOT };
const RUN = { stage_run_id: "01a200c7-dbd0-77de-8181-72d37897ab11", hook_point: "post_segment" };

/** What the events that Stagehook brings have as their data. */
const EVENTS: Record<string, Members> = {
  job_created: JOB,
  job_completed: JOB,
  job_failed: { ...JOB, ...RUN, reason: "loudness: true peak -13.6 dBTP, at most -15 is allowed" },
  job_review_requested: { ...JOB, ...RUN, reason: "loudness: true peak -13.6 dBTP" },
  job_review_resolved: {
    ...JOB,
    decision: "resume",
    note: "The peak is wanted here.",
    reviewer: "mona",
  },
  hook_blocked: {
    ...JOB,
    ...RUN,
    reason: "loudness: true peak -13.6 dBTP, at most -15 is allowed",
    hook: { id: 8, name: "loudness", version: 1 },
    status: "failed",
  },
  stage_run_completed: {
    ...RUN,
    job_id: 42,
    project_id: 1,
    status: "completed",
    verdict: "proceed",
  },
  hook_executed: {
    execution_id: "01a200c7-dc10-7a11-9d3e-5b0c8f4c2a77",
    hook_id: 7,
    hook_name: "checksums",
    hook_version: 1,
    hook_type: "python",
    ...RUN,
    event: null,
    event_id: null,
    job_id: 42,
    delivery_id: null,
    attempt: 1,
    status: "passed",
    success: true,
    duration_ms: 107,
  },
  hook_changed: { hook_id: 7, name: "tracker", version: 2, change: "updated", actor: "mona" },
  hook_disabled: {
    hook_id: 7,
    name: "tracker",
    version: 3,
    reason: "10 deliveries in a row failed in every attempt",
  },
  plugin_published: {
    name: "slate-reader",
    version: "1.2.0",
    digest: `sha256:${"4f".repeat(32)}`,
    actor: "mona",
  },
  variant_completed: { job_id: 42, variant: VARIANT },
  segment_started: { job_id: 42, segment: segment(1) },
  segment_completed: { job_id: 42, segment: segment(1) },
  concatenation_started: { job_id: 42, segments: 3 },
  delivery_completed: { job_id: 42, file: `${SHOT}_vintage_delivery.zip` },
};

/** A sample for this hook; `last` is what it was told by a real run, if it had one. */
export function sampleFor(
  hook: Pick<HookDocument, "hook_point" | "event">,
  last: LogItem | undefined,
  eventTypes: readonly Schemas["EventType"][] = [],
): Sample {
  if (hook.hook_point) {
    const { file, metadata } = STAGES[hook.hook_point];
    return {
      // A file that is there is better than one that could be.
      segment_path: (last && inputOf(last).segment_path) ?? `${FOLDER}/${file}`,
      metadata,
      scene_context: SCENE,
    };
  }
  const pattern = hook.event ?? "";
  const type =
    eventTypes.find(({ name }) => name === pattern) ??
    eventTypes.find(({ name, kind }) => kind === "business" && patternMatches(pattern, name));
  const event = type?.name ?? (pattern.includes("*") ? "shot.approved" : pattern);
  const sample = type?.schema ? exampleOf(type.schema as Members) : EVENTS[event];
  return { event, data: isMembers(sample) ? sample : { shot: SHOT } };
}

/** What a run was told, as far as a test can be told the same. */
export function sampleOf(log: LogItem): Sample {
  const { segment_path, metadata, scene_context, job, trigger, data } = inputOf(log);
  return tidied({
    job_id: job?.id,
    event: trigger?.event,
    segment_path,
    metadata,
    scene_context,
    data,
  });
}

/** Without what says nothing. */
export function tidied(input: { [key: string]: unknown }): Sample {
  return Object.fromEntries(
    Object.entries(input).filter(
      ([, value]) =>
        value !== null &&
        value !== undefined &&
        !(isMembers(value) && Object.keys(value).length === 0),
    ),
  ) as Sample;
}

const MOST_DEEP = 6;

/** A value that a JSON Schema may well allow. */
export function exampleOf(schema: Json | undefined, name = "", depth = 0): Json {
  if (!isMembers(schema) || depth > MOST_DEEP) return {};
  if (schema.const !== undefined) return schema.const;
  if (schema.default !== undefined) return schema.default;
  if (Array.isArray(schema.examples) && schema.examples.length > 0) return schema.examples[0]!;
  if (Array.isArray(schema.enum) && schema.enum.length > 0) return schema.enum[0]!;
  const first = [schema.oneOf, schema.anyOf, schema.allOf].find(Array.isArray)?.[0];
  if (first !== undefined && schema.type === undefined) return exampleOf(first, name, depth + 1);
  const type = Array.isArray(schema.type) ? schema.type[0] : schema.type;
  switch (type ?? (schema.properties ? "object" : "string")) {
    case "object": {
      const properties = isMembers(schema.properties) ? schema.properties : {};
      return Object.fromEntries(
        Object.entries(properties).map(([key, each]) => [key, exampleOf(each, key, depth + 1)]),
      );
    }
    case "array":
      return schema.items === undefined ? [] : [exampleOf(schema.items, name, depth + 1)];
    case "integer":
    case "number":
      return typeof schema.minimum === "number" ? schema.minimum : 1;
    case "boolean":
      return true;
    case "null":
      return null;
    default:
      return textFor(name, schema);
  }
}

function textFor(name: string, schema: Members): string {
  if (schema.format === "date-time") return "2026-11-22T10:15:00Z";
  if (schema.format === "date") return "2026-11-22";
  if (schema.format === "uri") return "https://tracker.example.com/shots/10";
  if (/shot|scene/.test(name)) return SHOT;
  if (/file|path/.test(name)) return VARIANT.file_name;
  if (/language|locale/.test(name)) return "de";
  if (/note|message|reason|comment/.test(name)) return "The peak is wanted here.";
  return name || "text";
}
