/** What happens on the server, as it happens, for what is on the screen. */
import { useEffect, useRef } from "react";
import { useGather } from "./gather";
import { outdatedByOthers, queries } from "./queries";
import { followTogether } from "./shared-stream";
import type { LiveEvent } from "./stream";

const listeners = new Set<(event: LiveEvent) => void>();

/** Calls back for each event that the page hears, while the component is shown. */
export function useHeard(onEvent: (event: LiveEvent) => void) {
  const latest = useRef(onEvent);
  latest.current = onEvent;
  useEffect(() => {
    const listener = (event: LiveEvent) => latest.current(event);
    listeners.add(listener);
    return () => {
      listeners.delete(listener);
    };
  }, []);
}

const waiting = new Set<() => void>();

/**
 * Calls back when the page begins to hear events while the component is shown: what
 * happened between its first request and then, nobody told it.
 */
export function useBeganToHear(onBegin: () => void) {
  const latest = useRef(onBegin);
  latest.current = onBegin;
  useEffect(() => {
    const begin = () => latest.current();
    waiting.add(begin);
    return () => {
      waiting.delete(begin);
    };
  }, []);
}

/** Which routes' answers an event makes outdated, by the beginning of its name. */
const CHANGES: readonly [prefix: string, routes: string[]][] = [
  ["hook_changed", ["/hooks"]],
  ["hook_disabled", ["/hooks", "/overview"]],
  [
    "hook_executed",
    ["/hook-logs", "/hook-activity", "/hooks/{id}/logs", "/overview", "/deliveries"],
  ],
  ["hook_blocked", ["/overview"]],
  ["stage_run_completed", ["/jobs", "/stage-runs"]],
  ["job_", ["/jobs", "/overview"]],
  ["plugin_published", ["/plugins"]],
];

/** Not oftener: a pipeline may do a thousand stage runs a second. */
const REFRESH_MS = 2_000;

/** Keeps what is on the screen as it is on the server, while somebody is signed in. */
export function useLiveRefresh() {
  const refresh = useGather<string>((routes) => outdatedByOthers(...routes), REFRESH_MS);
  useHeard(({ event_name }) => {
    if (event_name === "hook_output" || event_name === "job_progress") return;
    refresh("/events");
    for (const [prefix, routes] of CHANGES) {
      if (event_name.startsWith(prefix)) for (const route of routes) refresh(route);
    }
  });
  useEffect(() => {
    let wasOpen = false;
    return followTogether(
      (event) => {
        for (const listener of listeners) listener(event);
      },
      () => {
        for (const begin of waiting) begin();
        // What was missed in an interruption may be anything.
        if (wasOpen) void queries.invalidateQueries();
        wasOpen = true;
      },
    );
  }, []);
}
