/** What hooks are called in the interface, and what their choices mean in plain words. */
import type { Schemas } from "@/api/client";
import { PLUGIN_LIMITS, SCRIPT_LIMITS, WEBHOOK_LIMITS } from "./usual-limits";

export type Hook = Schemas["HookShown"];
export type HookDocument = Schemas["HookDocument"];
export type HookType = Schemas["HookType"];
export type HookPoint = Schemas["HookPoint"];
export type FailureMode = Schemas["FailureMode"];

/** In the order of the pipeline. */
export const HOOK_POINTS: readonly { name: HookPoint; says: string; means: string }[] = [
  { name: "post_variant", says: "after a variant", means: "A variant was generated." },
  { name: "pre_segment", says: "before a segment", means: "A segment is about to be rendered." },
  { name: "post_segment", says: "after a segment", means: "A segment was rendered." },
  {
    name: "pre_concatenation",
    says: "before concatenation",
    means: "All segments are there and are about to be joined.",
  },
  { name: "post_delivery", says: "after delivery", means: "The result was delivered." },
];

export const HOOK_TYPES: readonly { name: HookType; says: string; means: string }[] = [
  { name: "shell", says: "Shell", means: "A shell script, run in a sandbox on the server." },
  { name: "python", says: "Python", means: "A Python script with the packages it needs." },
  { name: "webhook", says: "Webhook", means: "A signed HTTP request to another system." },
  { name: "wasm", says: "Plugin", means: "A WebAssembly plugin with nothing but its grants." },
];

export const FAILURE_MODES: readonly { name: FailureMode; says: string; means: string }[] = [
  {
    name: "block",
    says: "Block",
    means: "The stage halts. The job stops and waits until a person resumes or rejects it.",
  },
  {
    name: "warn",
    says: "Warn",
    means: "The pipeline goes on. The stage's answer and the log carry a warning.",
  },
  { name: "ignore", says: "Ignore", means: "The pipeline goes on. Only the log tells." },
];

export const sayHookType = (type: HookType): string =>
  HOOK_TYPES.find(({ name }) => name === type)?.says ?? type;

export const sayHookPoint = (point: HookPoint): string =>
  HOOK_POINTS.find(({ name }) => name === point)?.says ?? point;

/** What triggers it, by the name that configs use. */
export const triggerOf = (hook: Pick<HookDocument, "hook_point" | "event">): string =>
  hook.hook_point ?? hook.event ?? "";

/** The configs of all types, with what any of them may have. */
type AnyConfig = Partial<Schemas["ShellConfig"]> &
  Partial<Schemas["PythonConfig"]> &
  Partial<Omit<Schemas["WebhookConfig"], "secret">> & {
    secret?: string | null;
    plugin?: string;
    pinned?: Schemas["PinnedPlugin"] | null;
    settings?: Record<string, unknown>;
  };

export const configOf = (hook: Pick<HookDocument, "config">): AnyConfig => hook.config as AnyConfig;

/** Whether it is a script that nothing keeps from the host. */
export const isTrusted = (hook: Pick<HookDocument, "config">): boolean =>
  configOf(hook).sandbox === "trusted";

export function timeoutOf(hook: Pick<HookDocument, "config" | "hook_type">): number {
  const config = configOf(hook);
  const limits = config.limits as { timeout_seconds?: number | null } | undefined;
  if (hook.hook_type === "wasm") return limits?.timeout_seconds ?? PLUGIN_LIMITS.timeout_seconds;
  const usual = hook.hook_type === "webhook" ? WEBHOOK_LIMITS : SCRIPT_LIMITS;
  return config.timeout_seconds ?? usual.timeout_seconds;
}

/** What it runs, in one line. */
export function sayWhatRuns(hook: Pick<HookDocument, "config" | "hook_type">): string {
  const config = configOf(hook);
  switch (hook.hook_type) {
    case "webhook":
      return `${config.method ?? "POST"} ${config.url ?? ""}`;
    case "wasm":
      return config.pinned
        ? `${config.plugin}, pinned to ${config.pinned.version}`
        : (config.plugin ?? "");
    default:
      return [config.script_path, ...(config.args ?? [])].join(" ");
  }
}

/** Whether an event of this name triggers a hook with this pattern. */
export function patternMatches(pattern: string, eventName: string): boolean {
  const [first = "", ...rest] = pattern.split("*");
  if (!eventName.startsWith(first)) return false;
  const last = rest.pop();
  if (last === undefined) return eventName === first;
  let from = first.length;
  for (const part of rest) {
    const at = eventName.indexOf(part, from);
    if (at < 0) return false;
    from = at + part.length;
  }
  return eventName.length - from >= last.length && eventName.endsWith(last);
}
