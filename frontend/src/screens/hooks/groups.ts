/** The hooks of a list in the order in which they run: by trigger, then by scope. */
import {
  HOOK_POINTS,
  type Hook,
  type HookPoint,
  patternMatches,
  sayHookPoint,
} from "@/parts/hook-words";

export const FILTERS = [
  "search",
  "trigger",
  "type",
  "scope_type",
  "scope_id",
  "enabled",
  "failure_mode",
  "paused",
] as const;
export type FilterKey = (typeof FILTERS)[number];
export type HookFilters = Partial<Record<FilterKey, string>>;

/** Hooks of one trigger and one scope: what can be put into another order. */
export type Block = { key: string; hooks: Hook[]; ids: number[] };

export type Row =
  | { kind: "heading"; key: string; title: string; says: string; count: number }
  /** `at` is its place in its block, in the whole of which it is moved. */
  | { kind: "hook"; key: string; hook: Hook; block: Block; at: number };

/** Whether somebody has to bring it back: it is paused, or was disabled by its failures. */
export const isHeldUp = (hook: Hook): boolean =>
  Boolean(hook.paused_at) || (!hook.enabled && Boolean(hook.disabled_reason));

export function fits(hook: Hook, filters: HookFilters): boolean {
  if (filters.trigger && !triggeredBy(hook, filters.trigger)) return false;
  if (filters.type && hook.hook_type !== filters.type) return false;
  if (filters.scope_type && hook.scope_type !== filters.scope_type) return false;
  if (filters.scope_id && String(hook.scope_id) !== filters.scope_id) return false;
  if (filters.enabled && String(hook.enabled) !== filters.enabled) return false;
  if (filters.failure_mode && hook.failure_mode !== filters.failure_mode) return false;
  if (filters.paused === "true" && !isHeldUp(hook)) return false;
  if (filters.search) {
    const part = filters.search.toLowerCase();
    return hook.name.toLowerCase().includes(part) || hook.description.toLowerCase().includes(part);
  }
  return true;
}

/** `event` is any event; otherwise a hook point, a hook's pattern, or an event's name. */
function triggeredBy(hook: Hook, trigger: string): boolean {
  if (trigger === "event") return Boolean(hook.event);
  if (hook.hook_point) return hook.hook_point === trigger;
  return hook.event === trigger || patternMatches(hook.event ?? "", trigger);
}

const LEVELS = ["studio", "project", "scene_type"];
const POINTS = new Map<HookPoint, number>(HOOK_POINTS.map(({ name }, at) => [name, at]));
const text = new Intl.Collator("en", { numeric: true });

/** The order in which they run where several apply; the same as the server's. */
function inOrder(a: Hook, b: Hook): number {
  const trigger = triggerAt(a) - triggerAt(b) || text.compare(a.event ?? "", b.event ?? "");
  if (trigger) return trigger;
  const scope =
    LEVELS.indexOf(a.scope_type) - LEVELS.indexOf(b.scope_type) ||
    (a.scope_id ?? 0) - (b.scope_id ?? 0);
  if (scope) return scope;
  if (a.sort_order !== b.sort_order) return a.sort_order - b.sort_order;
  return a.name < b.name ? -1 : a.name > b.name ? 1 : a.id - b.id;
}

const triggerAt = (hook: Hook): number =>
  hook.hook_point ? (POINTS.get(hook.hook_point) ?? 0) : HOOK_POINTS.length;

/** All hooks in blocks, whatever the filter. */
export function blocksOf(hooks: readonly Hook[]): Block[] {
  const blocks: Block[] = [];
  for (const hook of hooks.toSorted(inOrder)) {
    const key = `${hook.hook_point ?? `event ${hook.event}`}|${hook.scope_type}|${hook.scope_id ?? ""}`;
    const last = blocks.at(-1);
    if (last?.key === key) {
      last.hooks.push(hook);
      last.ids.push(hook.id);
    } else blocks.push({ key, hooks: [hook], ids: [hook.id] });
  }
  return blocks;
}

/** What the list shows: those that fit, below a heading for each trigger. */
export function rowsOf(blocks: readonly Block[], filters: HookFilters): Row[] {
  const rows: Row[] = [];
  let heading: Extract<Row, { kind: "heading" }> | undefined;
  for (const block of blocks) {
    block.hooks.forEach((hook, at) => {
      if (!fits(hook, filters)) return;
      const title = hook.hook_point ?? hook.event ?? "";
      const key = `${hook.hook_point ? "stage" : "event"} ${title}`;
      if (heading?.key !== key) {
        const says = hook.hook_point ? sayHookPoint(hook.hook_point) : "event";
        heading = { kind: "heading", key, title, says, count: 0 };
        rows.push(heading);
      }
      heading.count++;
      rows.push({ kind: "hook", key: String(hook.id), hook, block, at });
    });
  }
  return rows;
}
