/**
 * A text that is kept in the address. What is typed stays in the field at once; the
 * address, which the page is drawn from, follows when one stops for a moment.
 */
import { useEffect, useRef, useState } from "react";

const PAUSE_MS = 150;

export function useTyped(
  value: string | undefined,
  onChange: (value: string) => void,
): [text: string, type: (text: string) => void] {
  const known = value ?? "";
  const [text, setText] = useState(known);
  const timer = useRef<number>(undefined);
  const latest = useRef(onChange);
  latest.current = onChange;
  const isTyping = useRef(false);
  // The address was changed otherwise: by a button, or by going back.
  useEffect(() => {
    if (!isTyping.current) setText(known);
  }, [known]);
  useEffect(() => () => window.clearTimeout(timer.current), []);
  const type = (next: string) => {
    setText(next);
    isTyping.current = true;
    window.clearTimeout(timer.current);
    timer.current = window.setTimeout(() => {
      isTyping.current = false;
      latest.current(next);
    }, PAUSE_MS);
  };
  return [text, type];
}
