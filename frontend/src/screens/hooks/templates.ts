/** Hooks to begin with: each does something that pipelines want, and says how. */
import type { HookType } from "@/parts/hook-words";
import type { Draft } from "./form/draft";

export type Template = {
  id: string;
  type: HookType;
  title: string;
  says: string;
  draft: Partial<Draft>;
};

export const TEMPLATES: readonly Template[] = [
  {
    id: "check-size",
    type: "python",
    title: "Check each segment",
    says: "A Python script looks at each rendered segment, and halts the stage where there is nothing in it.",
    draft: {
      name: "check-size",
      description: "Fails a segment that is missing or empty.",
      hook_type: "python",
      hook_point: "post_segment",
      failure_mode: "block",
      config: { script_path: "qc/check_size.py", grants: { segment: "read" } },
    },
  },
  {
    id: "tell-tracker",
    type: "webhook",
    title: "Tell another system",
    says: "A signed request tells your tracker when a job is completed, and is repeated until it arrives.",
    draft: {
      name: "tell-tracker",
      description: "Tells the tracker that a job is completed.",
      hook_type: "webhook",
      event: "job_completed",
      failure_mode: "warn",
      config: {
        url: "https://tracker.example.com/hooks/jobs",
        retry: { retries: 5, long_tail: true },
      },
    },
  },
  {
    id: "probe",
    type: "wasm",
    title: "Run a plugin",
    says: "A sandboxed plugin reads what it is granted, and nothing else of the machine.",
    draft: {
      name: "media-probe",
      description: "Reads codecs, size, frame rate and duration.",
      hook_type: "wasm",
      hook_point: "post_variant",
      failure_mode: "warn",
      config: { plugin: "", grants: { segment: "read" } },
    },
  },
];
