/** A listing as a whole, where a part of it would not do. */
import { problemOf } from "./problem";

type Answer<T> = { data?: { items: T[]; next_cursor?: string | null }; error?: unknown };

/** What all pages have, one asked for after the other; `isCut` where there are more than these. */
export async function everyPage<T>(
  mostPages: number,
  ask: (cursor: string | undefined) => Promise<Answer<T>>,
): Promise<{ items: T[]; isCut: boolean }> {
  const items: T[] = [];
  let cursor: string | undefined;
  for (let pages = 0; pages < mostPages; pages++) {
    const { data, error } = await ask(cursor);
    if (!data) throw problemOf(error);
    items.push(...data.items);
    cursor = data.next_cursor ?? undefined;
    if (!cursor) return { items, isCut: false };
  }
  return { items, isCut: true };
}
