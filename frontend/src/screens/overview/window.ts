/** The stretch of time that the overview is about. */
import type { Moments } from "@/parts/bars-over-time";
import { useFilters } from "@/parts/filters";

export const WINDOWS = [
  { hours: 1, label: "1 hour", says: "the last hour" },
  { hours: 24, label: "24 hours", says: "the last 24 hours" },
  { hours: 168, label: "7 days", says: "the last 7 days" },
] as const;

export const USUAL_HOURS = 24;

/** Executions that the overview counted: it leaves tests out. */
export const executionsSince = (since: string, more: Record<string, string> = {}): string =>
  `/executions?${new URLSearchParams({ since, is_test: "false", ...more })}`;

export function useWindow() {
  const filters = useFilters("hours");
  const given = Number(filters.values.hours ?? USUAL_HOURS);
  const window = WINDOWS.find(({ hours }) => hours === given) ?? WINDOWS[1];
  const choose = (hours: number) =>
    filters.set("hours", hours === USUAL_HOURS ? null : String(hours));
  return { ...window, choose };
}

const TIME = new Intl.DateTimeFormat("en-GB", { timeStyle: "short" });
const DAY = new Intl.DateTimeFormat("en-GB", { weekday: "short", day: "numeric" });
const DAY_AND_TIME = new Intl.DateTimeFormat("en-GB", {
  weekday: "short",
  day: "numeric",
  month: "short",
  hour: "2-digit",
  minute: "2-digit",
});

/** How moments are written in a window of so many hours. */
export const momentsOf = (hours: number): Moments => ({
  axis: (at) => (hours > 48 ? DAY.format(at) : TIME.format(at)),
  full: (at) => (hours > 24 ? DAY_AND_TIME.format(at) : TIME.format(at)),
});
