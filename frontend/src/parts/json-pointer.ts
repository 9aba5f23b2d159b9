/** JSON pointers (RFC 6901), by which problems say what they are about. */
import type { Problem } from "@/api/problem";

/** Something said of one place in a JSON value. */
export type Pointed = { pointer: string; detail: string };

/** The keys and indexes on the way to the place. */
export function segmentsOf(pointer: string): string[] {
  if (pointer === "") return [];
  return pointer
    .replace(/^\//, "")
    .split("/")
    .map((segment) => segment.replaceAll("~1", "/").replaceAll("~0", "~"));
}

/** A key as a segment of a pointer. */
export const segmentOf = (key: string): string => key.replaceAll("~", "~0").replaceAll("/", "~1");

/** What a problem says of what is at or below a place, with pointers from there on. */
export function pointedBelow(problem: Problem | undefined, place: string): Pointed[] {
  return (problem?.errors ?? [])
    .filter(({ pointer }) => pointer === place || pointer.startsWith(`${place}/`))
    .map(({ pointer, detail }) => ({ pointer: pointer.slice(place.length), detail }));
}
