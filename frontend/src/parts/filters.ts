/** Filters that live in the address, so that what one sees can be sent to somebody. */
import { useCallback } from "react";
import { useSearchParams } from "react-router";

export type Filters<Key extends string> = {
  /** What is set; absent keys are not in the address, or make no sense. */
  values: Partial<Record<Key, string>>;
  set: (key: Key, value: string | null | undefined) => void;
  setAll: (changes: Partial<Record<Key, string | null | undefined>>) => void;
  clear: () => void;
  isAny: boolean;
};

/** These name a moment; an address may have been typed, or cut off. */
const MOMENTS: readonly string[] = ["since", "until"];

const isMeant = (key: string, value: string | null): value is string =>
  Boolean(value) && !(MOMENTS.includes(key) && Number.isNaN(Date.parse(value!)));

export function useFilters<Key extends string>(...keys: readonly Key[]): Filters<Key> {
  const [params, setParams] = useSearchParams();
  const values: Partial<Record<Key, string>> = {};
  for (const key of keys) {
    const value = params.get(key);
    if (isMeant(key, value)) values[key] = value;
  }
  const setAll = useCallback(
    (changes: Partial<Record<Key, string | null | undefined>>) =>
      setParams(
        (before) => {
          const after = new URLSearchParams(before);
          for (const [key, value] of Object.entries(changes) as [
            Key,
            string | null | undefined,
          ][]) {
            if (value) after.set(key, value);
            else after.delete(key);
          }
          return after;
        },
        { replace: true, preventScrollReset: true },
      ),
    [setParams],
  );
  return {
    values,
    setAll,
    set: (key, value) =>
      setAll({ [key]: value } as Partial<Record<Key, string | null | undefined>>),
    clear: () =>
      setAll(Object.fromEntries(keys.map((key) => [key, null])) as Partial<Record<Key, null>>),
    isAny: Object.keys(values).length > 0,
  };
}
