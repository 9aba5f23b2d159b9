import { expect, test } from "vitest";
import { compared } from "./newest";

const rows = (...ids: number[]) => ids.map((id) => ({ id, says: "before" }));
const page = (ids: number[], next_cursor: string | null = "more") => ({
  items: ids.map((id) => ({ id, says: "now" })),
  next_cursor,
});
const ids = (all: readonly { id: number }[]) => all.map(({ id }) => id);

test("what is new is counted and stays out, what is known is as it is now", () => {
  const { shown, all, freshCount, hasGap } = compared(rows(9, 8, 7, 6), page([11, 10, 9, 8]));
  expect(ids(shown)).toEqual([9, 8, 7, 6]);
  expect(shown.map(({ says }) => says)).toEqual(["now", "now", "before", "before"]);
  expect(ids(all)).toEqual([11, 10, 9, 8, 7, 6]);
  expect(freshCount).toBe(2);
  expect(hasGap).toBe(false);
});

test("what is in the list no more leaves; what moved up for it is not new", () => {
  const { shown, freshCount } = compared(rows(9, 8, 7), page([9, 7, 6]));
  expect(ids(shown)).toEqual([9, 7]);
  expect(freshCount).toBe(0);
  expect(ids(compared(rows(9, 8, 7), page([9], null)).shown)).toEqual([9]);
  expect(ids(compared(rows(9, 8), page([], null)).shown)).toEqual([]);
});

test("one that comes to be in the middle of the list counts as new", () => {
  const { shown, all, freshCount } = compared(rows(9, 7), page([9, 8, 7]));
  expect(ids(shown)).toEqual([9, 7]);
  expect(ids(all)).toEqual([9, 8, 7]);
  expect(freshCount).toBe(1);
});

test("where nothing is known, there may be more between", () => {
  expect(compared(rows(3, 2), page([9, 8]))).toMatchObject({ freshCount: 2, hasGap: true });
  expect(compared([], page([9, 8]))).toMatchObject({ freshCount: 2, hasGap: false });
  // A page may be empty and not be the last.
  expect(ids(compared(rows(3, 2), page([])).shown)).toEqual([3, 2]);
});
