/** Why a hook runs, or does not: in sentences, from the chain that leads there. */
import { sayHookPoint, type HookDocument } from "@/parts/hook-words";
import type { Lane, Level, Placed } from "./lanes";

/** What a level is called, such as "the project Nightfall". */
export type SayLevel = (level: Level) => string;

const ORDINALS = ["first", "second", "third", "fourth", "fifth", "sixth"];
const ordinal = (place: number): string => ORDINALS[place - 1] ?? `as number ${place}`;

const when = (hook: HookDocument): string =>
  hook.hook_point
    ? `${sayHookPoint(hook.hook_point)} (${hook.hook_point})`
    : `after each event ${hook.event}`;

export function whyOf(lane: Lane, narrowest: Level, say: SayLevel): string[] {
  const { winner } = lane;
  const above = lane.placed.slice(0, -1).reverse();
  return winner.fate.kind === "runs"
    ? whyItRuns(lane, winner, above, narrowest, say)
    : whyNot(lane, winner, above, narrowest, say);
}

function whyItRuns(
  lane: Lane,
  winner: Placed,
  above: readonly Placed[],
  narrowest: Level,
  say: SayLevel,
): string[] {
  const { hook, level, fate } = winner;
  const sentences = [
    `${lane.name} runs ${ordinal(lane.place ?? 1)} ${when(hook)}, for ${say(narrowest)}.`,
    level === narrowest
      ? `It is set for ${say(level)} itself.`
      : `It is set for ${say(level)}, and nothing narrower says otherwise, so it is inherited.`,
  ];
  const first = fate.kind === "runs" ? fate.runsFirst : [];
  for (const placed of above) {
    const whose = `the hook of the same name that is set for ${say(placed.level)}`;
    if (first.includes(placed.hook.id)) {
      sentences.push(`Before it, ${whose} runs, and hands its result over: it is extended.`);
    } else if (placed.hook.enabled) {
      sentences.push(`It overrides ${whose}, which therefore does not run.`);
    } else {
      sentences.push(`It overrides ${whose}, which is switched off anyway.`);
    }
  }
  sentences.push(
    `Its place follows from its order number, ${hook.sort_order}: lower runs earlier. Of equal ones the wider level comes first, then the name.`,
  );
  return sentences;
}

function whyNot(
  lane: Lane,
  winner: Placed,
  above: readonly Placed[],
  narrowest: Level,
  say: SayLevel,
): string[] {
  const sentences = [
    `${lane.name} does not run ${when(winner.hook)}, for ${say(narrowest)}.`,
    `The hook of this name that is set for ${say(winner.level)} is switched off.`,
  ];
  for (const placed of above) {
    sentences.push(`That switches off the one of ${say(placed.level)}, too.`);
  }
  if (winner.level !== narrowest && above.length === 0) {
    sentences.push("Nothing narrower has a hook of this name that would run instead.");
  }
  return sentences;
}
