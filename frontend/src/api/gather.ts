/** Doing once for many events what would be too much for each. */
import { useCallback, useEffect, useRef } from "react";

/**
 * Answers what takes one in. All that came in during a while is handed on together;
 * what came while nobody looked at the page, when it is looked at again.
 */
export function useGather<One>(onAll: (all: Set<One>) => void, whileMs: number) {
  const gathered = useRef(new Set<One>());
  const timer = useRef<number>(undefined);
  const latest = useRef(onAll);
  latest.current = onAll;
  const handOn = useCallback(() => {
    window.clearTimeout(timer.current);
    timer.current = undefined;
    if (document.hidden || gathered.current.size === 0) return;
    const all = gathered.current;
    gathered.current = new Set();
    latest.current(all);
  }, []);
  useEffect(() => {
    document.addEventListener("visibilitychange", handOn);
    return () => {
      document.removeEventListener("visibilitychange", handOn);
      window.clearTimeout(timer.current);
      timer.current = undefined;
    };
  }, [handOn]);
  return useCallback(
    (one: One) => {
      gathered.current.add(one);
      timer.current ??= window.setTimeout(handOn, whileMs);
    },
    [handOn, whileMs],
  );
}
