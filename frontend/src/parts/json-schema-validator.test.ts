import { expect, test } from "vitest";
import { invalidParts, validator } from "./json-schema-validator";

const SCHEMA = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  type: "object" as const,
  additionalProperties: false,
  required: ["url", "limits"],
  properties: {
    url: { type: "string" as const, minLength: 3 },
    limits: { $ref: "#/$defs/Limits" },
    method: { oneOf: [{ const: "POST" }, { const: "PUT" }] },
  },
  $defs: {
    Limits: {
      type: "object" as const,
      properties: { max: { type: "integer" as const, minimum: 1, maximum: 8 } },
    },
  },
};

test("what fits is not told of", () => {
  expect(invalidParts(SCHEMA, { url: "http://a", limits: { max: 3 }, method: "PUT" })).toEqual([]);
});

test("each thing that is wrong is told once, at its place", () => {
  const parts = invalidParts(SCHEMA, { url: "a", limits: { max: 9 }, extra: 1 });
  expect(parts).toEqual([
    { pointer: "/url", detail: "must have at least 3 characters" },
    { pointer: "/limits/max", detail: "must be at most 8" },
    { pointer: "/extra", detail: "is not known" },
  ]);
  expect(invalidParts(SCHEMA, {}).map(({ pointer, detail }) => `${pointer} ${detail}`)).toEqual([
    "/url is required",
    "/limits is required",
  ]);
});

test("types are named in words, and what was emptied is not there", () => {
  expect(invalidParts(SCHEMA, { url: undefined, limits: { max: 1.5 } })).toEqual([
    { pointer: "/url", detail: "is required" },
    { pointer: "/limits/max", detail: "must be a whole number" },
  ]);
});

test("of alternatives only the whole is told", () => {
  const parts = invalidParts(SCHEMA, { url: "abc", limits: {}, method: "GET" });
  expect(parts).toEqual([
    { pointer: "/method", detail: "fits none of the forms that are allowed" },
  ]);
});

test("a schema that cannot be used says nothing", () => {
  expect(invalidParts({ type: "string", pattern: "(" }, "a")).toEqual([]);
  expect(invalidParts({ $ref: "#/nowhere" }, "a")).toEqual([]);
});

test("a part of a schema finds the definitions of the whole", () => {
  expect(validator.isValid({ $ref: "#/$defs/Limits" }, { max: 20 }, SCHEMA)).toBe(false);
  expect(validator.isValid({ $ref: "#/$defs/Limits" }, { max: 2 }, SCHEMA)).toBe(true);
});
