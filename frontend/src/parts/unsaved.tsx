/** Asks before what was changed and not saved is left. */
import { type ReactNode, useCallback, useEffect, useRef } from "react";
import { type Blocker, useBlocker } from "react-router";
import { Confirm } from "./confirm";

/**
 * Answers the question, to be shown where it is asked, and what says that there is
 * nothing to lose any more, before going elsewhere from a handler.
 */
export function useUnsaved(isChanged: boolean): { question: ReactNode; settle: () => void } {
  const isSettled = useRef(false);
  const blocker = useBlocker(
    ({ currentLocation: from, nextLocation: to }) =>
      isChanged &&
      !isSettled.current &&
      (from.pathname !== to.pathname || from.search !== to.search),
  );
  useEffect(() => {
    isSettled.current = false;
    if (!isChanged) return;
    const warn = (event: BeforeUnloadEvent) => event.preventDefault();
    window.addEventListener("beforeunload", warn);
    return () => window.removeEventListener("beforeunload", warn);
  }, [isChanged]);
  const settle = useCallback(() => {
    isSettled.current = true;
  }, []);
  return { question: blocker.state === "blocked" && <Question blocker={blocker} />, settle };
}

function Question({ blocker }: { blocker: Extract<Blocker, { state: "blocked" }> }) {
  // The router goes back and forth by the browser's history, which takes a moment: what
  // forbids it meanwhile forbids it for good.
  const isLeaving = useRef(false);
  return (
    <Confirm
      title="Leave without saving?"
      says="What you changed here is not saved."
      action="Leave"
      onConfirm={async () => {
        isLeaving.current = true;
        blocker.proceed();
      }}
      onClose={() => {
        if (!isLeaving.current) blocker.reset();
      }}
    />
  );
}
