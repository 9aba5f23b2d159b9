/**
 * Hooks of one trigger and one name, level by level: which of them runs, and what
 * became of the others. The server has resolved them for the narrowest level.
 */
import type { Schemas } from "@/api/client";
import { HOOK_POINTS, type HookDocument, sayHookPoint } from "@/parts/hook-words";

export type Level = Schemas["ScopeType"];
export const LEVELS: readonly Level[] = ["studio", "project", "scene_type"];

export type Fate =
  | { kind: "runs"; runsFirst: number[] }
  | { kind: "overridden"; by: number; runsAllTheSame: boolean }
  | { kind: "off" }
  | { kind: "switched_off"; by: number };

/** A hook where it is set. */
export type Placed = { hook: HookDocument; level: Level; fate: Fate };

export type Lane = {
  key: string;
  name: string;
  /** From the widest level to the narrowest. */
  placed: Placed[];
  /** Which one decides: that of the narrowest level. */
  winner: Placed;
  /** When it runs at its trigger, from 1; none where it does not. */
  place?: number;
};

export type LaneGroup = { key: string; title: string; says: string; lanes: Lane[] };

type View = Schemas["EffectiveView"];

export function groupsOf(view: View): LaneGroup[] {
  const lanes = new Map<string, Lane>();
  const places = new Map<string, number>();
  const put = (placed: Placed) => {
    const { hook } = placed;
    const key = `${triggerKey(hook)}|${hook.name}`;
    const lane = lanes.get(key);
    if (lane) lane.placed.push(placed);
    else lanes.set(key, { key, name: hook.name, placed: [placed], winner: placed });
    return key;
  };
  for (const item of view.effective) {
    const lane = lanes.get(
      put({
        hook: item,
        level: item.source_level,
        fate: { kind: "runs", runsFirst: item.runs_first },
      }),
    );
    const place = (places.get(triggerKey(item)) ?? 0) + 1;
    places.set(triggerKey(item), place);
    if (lane) lane.place = place;
  }
  for (const item of view.shadowed) {
    put({ hook: item, level: item.source_level, fate: fateOf(item) });
  }
  const groups = new Map<string, LaneGroup>();
  for (const lane of lanes.values()) {
    lane.placed.sort((a, b) => LEVELS.indexOf(a.level) - LEVELS.indexOf(b.level));
    lane.winner = lane.placed.at(-1) ?? lane.winner;
    const { hook } = lane.winner;
    const key = triggerKey(hook);
    const group = groups.get(key) ?? {
      key,
      title: hook.hook_point ?? hook.event ?? "",
      says: hook.hook_point ? sayHookPoint(hook.hook_point) : "event",
      lanes: [],
    };
    group.lanes.push(lane);
    groups.set(key, group);
  }
  const last = Number.POSITIVE_INFINITY;
  for (const { lanes } of groups.values()) {
    lanes.sort((a, b) => (a.place ?? last) - (b.place ?? last) || a.name.localeCompare(b.name));
  }
  return [...groups.values()].sort(
    (a, b) => at(a) - at(b) || a.title.localeCompare(b.title, "en", { numeric: true }),
  );
}

function fateOf(item: View["shadowed"][number]): Fate {
  if (item.reason === "disabled" || !item.by) return { kind: "off" };
  return item.reason === "overridden"
    ? { kind: "overridden", by: item.by, runsAllTheSame: item.extended }
    : { kind: "switched_off", by: item.by };
}

const triggerKey = (hook: HookDocument): string => hook.hook_point ?? `event ${hook.event}`;

/** Stages in their order, then events. */
function at({ key }: LaneGroup): number {
  const point = HOOK_POINTS.findIndex(({ name }) => name === key);
  return point < 0 ? HOOK_POINTS.length : point;
}

/** What a level has of a lane: a hook of its own, one from above, or nothing. */
export type Cell =
  | { kind: "own"; placed: Placed; above?: Placed }
  | { kind: "inherited"; from: Placed }
  | { kind: "none" };

export function cellAt(lane: Lane, level: Level): Cell {
  const depth = LEVELS.indexOf(level);
  const above = lane.placed.findLast((placed) => LEVELS.indexOf(placed.level) < depth);
  const placed = lane.placed.find((placed) => placed.level === level);
  if (placed) return { kind: "own", placed, above };
  return above ? { kind: "inherited", from: above } : { kind: "none" };
}

/** Whether a level says something about what comes from above. */
export const isChangedBelow = (lane: Lane): boolean =>
  lane.placed.length > 1 || !lane.winner.hook.enabled;
