/** Moments, durations and sizes as people read them. */
import { Tooltip } from "@mantine/core";
import { useSyncExternalStore } from "react";

const MOMENT = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "medium" });
const AGO = new Intl.RelativeTimeFormat("en", { numeric: "auto", style: "short" });
const UNITS: readonly [Intl.RelativeTimeFormatUnit, number][] = [
  ["year", 31_557_600],
  ["month", 2_629_800],
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
  ["second", 1],
];

export const sayMoment = (at: string): string => MOMENT.format(new Date(at));

/** How long ago, or how long until then. */
export function sayWhen(at: string, now: number): string {
  const seconds = (new Date(at).getTime() - now) / 1_000;
  for (const [unit, length] of UNITS) {
    if (Math.abs(seconds) >= length) return AGO.format(Math.round(seconds / length), unit);
  }
  return "now";
}

/** Of what is past for sure: never in the future, whatever this machine's clock says. */
export const sayAgo = (at: string, now: number): string =>
  sayWhen(at, Math.max(now, new Date(at).getTime()));

export function sayDuration(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1_000).toFixed(ms < 10_000 ? 2 : 1)} s`;
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 60) return `${minutes} min ${Math.round((ms % 60_000) / 1_000)} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

export function sayBytes(bytes: number): string {
  if (bytes < 1_024) return `${bytes} B`;
  const units = ["KiB", "MiB", "GiB", "TiB"];
  let value = bytes / 1_024;
  let unit = 0;
  while (value >= 1_024 && unit < units.length - 1) {
    value /= 1_024;
    unit++;
  }
  return `${value.toFixed(value < 10 ? 1 : 0)} ${units[unit]}`;
}

export const sayCount = (count: number): string => count.toLocaleString("en");

/** One clock for all moments that are shown, so that the page wakes once for all. */
let now = Date.now();
const watchers = new Set<() => void>();
let timer: number | undefined;
function watch(watcher: () => void) {
  // It stood still while nobody watched.
  if (watchers.size === 0) now = Date.now();
  watchers.add(watcher);
  timer ??= window.setInterval(() => {
    now = Date.now();
    for (const watcher of watchers) watcher();
  }, 10_000);
  return () => {
    watchers.delete(watcher);
    if (watchers.size === 0) {
      window.clearInterval(timer);
      timer = undefined;
    }
  };
}

/** When something happened. */
export function Ago({ at }: { at: string }) {
  return <Moment at={at} say={sayAgo} />;
}

/** When something happens, or did. */
export function When({ at }: { at: string }) {
  return <Moment at={at} say={sayWhen} />;
}

function Moment({ at, say }: { at: string; say: typeof sayWhen }) {
  const current = useSyncExternalStore(watch, () => now);
  return (
    <Tooltip label={sayMoment(at)}>
      <time dateTime={at} className="numbers">
        {say(at, current)}
      </time>
    </Tooltip>
  );
}
