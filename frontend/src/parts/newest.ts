/** The beginning of a list as it is now, against the rows of it that somebody reads. */

type Id = number | string;

/** A page of a list that has the newest first. */
export type PageOf<Row> = { items: Row[]; next_cursor?: string | null };

export type Compared<Row> = {
  /** The rows where they were, as they are now; without those that are in the list no more. */
  shown: readonly Row[];
  /** The same with what is new. */
  all: readonly Row[];
  freshCount: number;
  /** There may be more between what is new and the first row. */
  hasGap: boolean;
};

/** `newest` is the first page; what is beyond it is believed. */
export function compared<Row extends { id: Id }>(
  rows: readonly Row[],
  newest: PageOf<Row> | undefined,
): Compared<Row> {
  if (!newest) return { shown: rows, all: rows, freshCount: 0, hasGap: false };
  const known = new Set<Id>(rows.map(({ id }) => id));
  // What comes after the last known one is older than it: it follows with the next page.
  const end = newest.items.findLastIndex(({ id }) => known.has(id)) + 1;
  const head = end > 0 ? newest.items.slice(0, end) : newest.items;
  const freshCount = head.filter(({ id }) => !known.has(id)).length;
  if (end === 0 && head.length > 0) {
    return { shown: rows, all: head, freshCount, hasGap: rows.length > 0 };
  }
  const now = new Map<Id, Row>(newest.items.map((row) => [row.id, row]));
  const reach = newest.next_cursor ? rows.findLastIndex(({ id }) => now.has(id)) + 1 : rows.length;
  const beyond = rows.slice(reach);
  const shown = rows.slice(0, reach).flatMap(({ id }) => now.get(id) ?? []);
  return { shown: [...shown, ...beyond], all: [...head, ...beyond], freshCount, hasGap: false };
}
