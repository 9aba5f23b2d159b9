import { expect, test } from "vitest";
import { changes, patched } from "./merge-patch";

test.each([
  [{ a: "b" }, { a: "c" }, { a: "c" }],
  [{ a: "b" }, { a: null }, {}],
  [{ a: { b: "c" } }, { a: { b: "d", c: null } }, { a: { b: "d" } }],
  [{ a: [{ b: "c" }] }, { a: [1] }, { a: [1] }],
  [["a"], { c: "d" }, { c: "d" }],
  [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
])("%j with %j is %j (RFC 7396)", (target, patch, expected) => {
  expect(patched(target, patch)).toEqual(expected);
});

test("a key that objects have by themselves is a key like any other", () => {
  const patch = JSON.parse('{"__proto__": {"x": 1}, "constructor": 2}') as never;
  const after = patched({}, patch);
  expect(JSON.stringify(after)).toBe('{"__proto__":{"x":1},"constructor":2}');
  expect(({} as Record<string, unknown>).x).toBeUndefined();
  expect(changes({}, after).map(({ path }) => path.join("."))).toEqual([
    "__proto__.x",
    "constructor",
  ]);
});

test("changes are told at the deepest place, arrays as a whole", () => {
  expect(changes({ a: { b: 1, c: [1] }, d: null }, { a: { b: 2, c: [1] }, e: {} })).toEqual([
    { path: ["a", "b"], kind: "changed", before: 1, after: 2 },
    { path: ["d"], kind: "removed", before: null },
    { path: ["e"], kind: "added", after: {} },
  ]);
});
