/** Hooks to begin with: each does something that pipelines want, and says how. */
import type { HookType } from "@/parts/hook-words";
import { SCRIPT_TEMPLATES } from "@/screens/scripts/templates";
import type { Draft } from "./form/draft";

export type Template = {
  id: string;
  type: HookType;
  title: string;
  says: string;
  draft: Partial<Draft>;
  /** What it runs, which is put into the script store with it. */
  script?: { path: string; text: string };
};

const CHECK_SIZE = "qc/check_size.py";

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
      config: { script_path: CHECK_SIZE, grants: { segment: "read" } },
    },
    script: { path: CHECK_SIZE, text: SCRIPT_TEMPLATES.python },
  },
  {
    id: "tell-tracker",
    type: "webhook",
    title: "Tell another system",
    says: "A request tells your tracker when a job is completed, and is repeated until it arrives. You say where it goes.",
    draft: {
      name: "tell-tracker",
      description: "Tells the tracker that a job is completed.",
      hook_type: "webhook",
      event: "job_completed",
      failure_mode: "warn",
      config: {
        // Only who writes it knows; the field says so.
        url: "",
        retry: { retries: 5, long_tail: true },
      },
    },
  },
];
