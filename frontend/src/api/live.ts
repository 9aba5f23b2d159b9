/** What happens on the server, as it happens, for what is on the screen. */
import { useEffect, useRef, useState } from "react";
import { outdated } from "./queries";
import { follow, type Interest, type LiveEvent } from "./stream";

/**
 * Calls back for each live event that fits, while the component is shown; `null`
 * hears nothing. Answers whether the stream is open.
 */
export function useLive(onEvent: (event: LiveEvent) => void, interest: Interest | null): boolean {
  const latest = useRef(onEvent);
  latest.current = onEvent;
  const [isOpen, setOpen] = useState(false);
  const key = interest === null ? null : JSON.stringify(interest);
  useEffect(() => {
    if (key === null) return;
    const end = follow(JSON.parse(key) as Interest, {
      onEvent: (event) => latest.current(event),
      onOpen: () => setOpen(true),
      onClosed: () => setOpen(false),
    });
    return () => {
      setOpen(false);
      end();
    };
  }, [key]);
  return isOpen;
}

/** Those who hear what the page's own stream tells, without opening another one. */
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

/** Keeps what is on the screen as it is on the server. */
export function useLiveRefresh(isSignedIn: boolean) {
  const due = useRef(new Set<string>());
  const timer = useRef<number>(undefined);
  useEffect(() => () => window.clearTimeout(timer.current), []);
  useLive(
    (event) => {
      const { event_name } = event;
      for (const listener of listeners) listener(event);
      if (event_name === "hook_output" || event_name === "job_progress") return;
      due.current.add("/events");
      for (const [prefix, routes] of CHANGES) {
        if (event_name.startsWith(prefix)) for (const route of routes) due.current.add(route);
      }
      timer.current ??= window.setTimeout(() => {
        timer.current = undefined;
        outdated(...due.current);
        due.current.clear();
      }, REFRESH_MS);
    },
    isSignedIn ? {} : null,
  );
}
