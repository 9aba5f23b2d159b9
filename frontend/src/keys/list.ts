/** Lists that are gone through with `j`, `k` and Enter. */
import { useCallback, useEffect, useState } from "react";
import { isTyping } from "./typing";

/**
 * `j` and `k` move the cursor over `count` rows, Enter opens the one under it. The
 * answer has the row under the cursor (-1: none yet). Rows carry `data-row={index}`,
 * and are scrolled to where they exist; `onMove` is for lists that draw only what is seen.
 */
export function useListKeys(
  count: number,
  onOpen: (index: number) => void,
  onMove?: (index: number) => void,
) {
  const [cursor, setCursor] = useState(-1);
  const move = useCallback(
    (to: number) => {
      const next = Math.max(0, Math.min(count - 1, to));
      setCursor(next);
      onMove?.(next);
      requestAnimationFrame(() =>
        document.querySelector(`[data-row="${next}"]`)?.scrollIntoView({ block: "nearest" }),
      );
    },
    [count, onMove],
  );
  useEffect(() => {
    if (cursor >= count) setCursor(count - 1);
  }, [cursor, count]);
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (
        event.defaultPrevented ||
        event.ctrlKey ||
        event.metaKey ||
        event.altKey ||
        isTyping(event)
      )
        return;
      if (count === 0) return;
      if (event.key === "j") move(cursor + 1);
      else if (event.key === "k") move(cursor - 1);
      else if (event.key === "Enter" && cursor >= 0 && !isControl(event.target)) onOpen(cursor);
      else return;
      event.preventDefault();
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, [count, cursor, move, onOpen]);
  return cursor;
}

/** Enter on what has a meaning of its own for it. */
function isControl(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    target.closest("a, button, summary, input, [role=tab]") !== null
  );
}
