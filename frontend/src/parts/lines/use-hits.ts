/** Going through what a search found. */
import { useDeferredValue, useMemo, useState } from "react";
import { find, type Hit, type Lines } from "./lines";

export type Search = {
  text: string;
  setText: (text: string) => void;
  hits: Hit[];
  /** Which of them, from 0; -1 where there is none. */
  at: number;
  current?: Hit;
  /** To the next one, or by -1 to the one before; around the end. */
  step: (by: number) => Hit | undefined;
};

export function useHits(lines: Lines): Search {
  const [text, setText] = useState("");
  const wanted = useDeferredValue(text);
  const hits = useMemo(() => find(lines, wanted), [lines, wanted]);
  const [place, setPlace] = useState(0);
  const at = hits.length === 0 ? -1 : Math.min(place, hits.length - 1);
  return {
    text,
    setText: (text) => {
      setText(text);
      setPlace(0);
    },
    hits,
    at,
    current: hits[at],
    step: (by) => {
      if (hits.length === 0) return undefined;
      const next = (at + by + hits.length) % hits.length;
      setPlace(next);
      return hits[next];
    },
  };
}
