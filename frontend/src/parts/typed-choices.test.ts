import { expect, test } from "vitest";
import { withTypedChoices } from "./typed-choices";

const constants = (...values: unknown[]) => ({ oneOf: values.map((one) => ({ const: one })) });

test("a choice among constants says their type, wherever it stands", () => {
  const schema = { $defs: { Mode: constants("fail", "review") }, items: [constants(1, 2)] };
  expect(withTypedChoices(schema)).toEqual({
    $defs: { Mode: { ...constants("fail", "review"), type: "string" } },
    items: [{ ...constants(1, 2), type: "number" }],
  });
});

test.each([
  constants("a", 1),
  { oneOf: [{ const: "a" }, { type: "string" }] },
  { oneOf: [] },
  { anyOf: [{ $ref: "#/$defs/Mode" }, { type: "null" }] },
  { ...constants("a"), type: "integer" },
  { const: null },
])("what is no such choice stays as it is: %j", (schema) => {
  expect(withTypedChoices(schema)).toEqual(schema);
});
