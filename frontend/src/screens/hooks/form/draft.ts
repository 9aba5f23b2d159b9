/** A hook as it is being written: what the server takes, with holes in it. */
import type { Schemas } from "@/api/client";
import { segmentsOf } from "@/parts/json-pointer";
import type { FailureMode, HookDocument, HookPoint, HookType } from "@/parts/hook-words";
import { type Change, changes, type Json } from "@/parts/merge-patch";
import { requestOf } from "../change";

export type Config = Record<string, unknown>;
export type Draft = {
  name: string;
  description: string;
  hook_type: HookType;
  hook_point?: HookPoint;
  event?: string;
  scope_type: Schemas["ScopeType"];
  scope_id?: number;
  failure_mode: FailureMode;
  config: Config;
  sort_order: number;
  enabled: boolean;
  extends: boolean;
};

export const BLANK: Draft = {
  name: "",
  description: "",
  hook_type: "shell",
  hook_point: "post_segment",
  scope_type: "studio",
  failure_mode: "warn",
  config: {},
  sort_order: 0,
  enabled: true,
  extends: false,
};

export const draftOf = (hook: HookDocument): Draft => requestOf(hook) as unknown as Draft;

/** What is sent. Its config is checked by the server, which says what is wrong where. */
export const bodyOf = (draft: Draft): Schemas["HookRequest"] =>
  draft as unknown as Schemas["HookRequest"];

/** What is different between two; what is absent and what is undefined is the same. */
export const changesOf = (before: Draft, after: Draft): Change[] =>
  changes(plain(before), plain(after));

export const plain = (draft: Draft): Json => JSON.parse(JSON.stringify(draft)) as Json;

/** What a draft has at a JSON pointer. */
export function valueAt(draft: unknown, pointer: string): unknown {
  let value = draft;
  for (const segment of segmentsOf(pointer)) {
    if (typeof value !== "object" || value === null) return undefined;
    value = (value as Record<string, unknown>)[segment];
  }
  return value;
}

/**
 * The draft with this at a JSON pointer. `undefined` takes it away, together with
 * objects within the config that are empty without it: what is absent has its default.
 */
export function withValue(draft: Draft, pointer: string, value: unknown): Draft {
  const set = (holder: Record<string, unknown>, keys: string[]): Record<string, unknown> => {
    const [key = "", ...rest] = keys;
    const next = { ...holder };
    const now = rest.length === 0 ? value : set(asObject(holder[key]), rest);
    if (now === undefined || (rest.length > 0 && key !== "config" && isEmpty(now)))
      delete next[key];
    else next[key] = now;
    return next;
  };
  return set(draft, segmentsOf(pointer)) as Draft;
}

const asObject = (value: unknown): Record<string, unknown> =>
  typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
const isEmpty = (value: unknown): boolean =>
  typeof value === "object" && value !== null && Object.keys(value).length === 0;

export const without = (config: Config, ...keys: string[]): Config =>
  Object.fromEntries(Object.entries(config).filter(([key]) => !keys.includes(key)));

/** Events have a policy of delivery that a stage has not, and nobody waits for them. */
export function withTrigger(draft: Draft, trigger: { hook_point: HookPoint } | { event: string }) {
  if ("event" in trigger) {
    const failure_mode = draft.failure_mode === "block" ? "warn" : draft.failure_mode;
    return { ...draft, hook_point: undefined, event: trigger.event, failure_mode };
  }
  const config = without(draft.config, "rate_limit", "order_key");
  return { ...draft, event: undefined, hook_point: trigger.hook_point, config };
}
