/**
 * Validates what forms made from JSON Schema hold. The usual validator (Ajv) makes
 * functions from text, which the page's content security policy does not let it do.
 */
import { type OutputUnit, type Schema, Validator } from "@cfworker/json-schema";
import {
  ErrorSchemaBuilder,
  type RJSFSchema,
  type RJSFValidationError,
  toErrorList,
  type ValidatorType,
} from "@rjsf/utils";
import { type Pointed, segmentOf, segmentsOf } from "./json-pointer";

/** These say only that something inside is wrong, which is told by itself. */
const ABOUT_OTHERS = new Set([
  "$ref",
  "$recursiveRef",
  "allOf",
  "if",
  "properties",
  "patternProperties",
  "dependentSchemas",
  "dependencies",
  "items",
  "prefixItems",
  "additionalItems",
]);

/** What is wrong with a value, each at its place. A schema that cannot be used says nothing: the server judges. */
export function invalidParts(
  schema: RJSFSchema | boolean,
  value: unknown,
  root?: RJSFSchema,
): Pointed[] {
  let units: OutputUnit[];
  try {
    const whole =
      root && typeof schema === "object" && schema !== root
        ? { $defs: root.$defs, definitions: root.definitions, ...schema }
        : schema;
    // What a form left empty is not there; JSON has no `undefined` either.
    const sent: unknown = value === undefined ? undefined : JSON.parse(JSON.stringify(value));
    units = new Validator(whole as Schema | boolean, "2020-12", false).validate(sent).errors;
  } catch {
    return [];
  }
  const refused = new Set(
    units.filter(({ keyword }) => keyword === "false").map((unit) => unit.instanceLocation),
  );
  // Why each alternative does not fit helps nobody; that none does is told.
  const alternatives = units
    .filter(({ keyword }) => keyword === "anyOf" || keyword === "oneOf")
    .map(({ keywordLocation }) => `${keywordLocation}/`);
  const told = new Map<string, Pointed>();
  for (const unit of units) {
    if (ABOUT_OTHERS.has(unit.keyword)) continue;
    if (alternatives.some((inside) => unit.keywordLocation.startsWith(inside))) continue;
    const part = said(unit, refused);
    if (part) told.set(`${part.pointer} ${part.detail}`, part);
  }
  return [...told.values()];
}

function said(unit: OutputUnit, refused: ReadonlySet<string>): Pointed | undefined {
  const pointer = decodeURI(unit.instanceLocation.replace(/^#/, ""));
  const quoted = /"((?:[^"\\]|\\.)*)"/.exec(unit.error)?.[1];
  const number = unit.error.match(/-?\d[\d.e+-]*?(?=\.?$|\)\.?$)/)?.[0];
  switch (unit.keyword) {
    case "required":
      return { pointer: `${pointer}/${segmentOf(quoted ?? "")}`, detail: "is required" };
    case "false":
      return { pointer, detail: "is not known" };
    case "additionalProperties":
    case "unevaluatedProperties":
      return refused.size > 0 ? undefined : { pointer, detail: `${quoted} is not known` };
    case "type":
      return { pointer, detail: `must be ${typeNames(unit.error)}` };
    case "enum":
    case "const":
      return {
        pointer,
        detail: `must be ${unit.error.replace(/^Instance does not match (any of )?/, "").replace(/\.$/, "")}`,
      };
    case "minimum":
      return { pointer, detail: `must be at least ${number}` };
    case "maximum":
      return { pointer, detail: `must be at most ${number}` };
    case "exclusiveMinimum":
      return { pointer, detail: `must be more than ${number}` };
    case "exclusiveMaximum":
      return { pointer, detail: `must be less than ${number}` };
    case "minLength":
      return { pointer, detail: `must have at least ${number} characters` };
    case "maxLength":
      return { pointer, detail: `must have at most ${number} characters` };
    case "minItems":
      return { pointer, detail: `must have at least ${number} entries` };
    case "maxItems":
      return { pointer, detail: `must have at most ${number} entries` };
    case "uniqueItems":
      return { pointer, detail: "must not have the same entry twice" };
    case "pattern":
      return { pointer, detail: "does not have the form that is asked for" };
    case "anyOf":
    case "oneOf":
      return { pointer, detail: "fits none of the forms that are allowed" };
    default: {
      const detail = unit.error.replace(/\.$/, "");
      return { pointer, detail: detail.charAt(0).toLowerCase() + detail.slice(1) };
    }
  }
}

function typeNames(error: string): string {
  const expected = error.slice(error.indexOf("Expected"));
  const names = [...expected.matchAll(/"([a-z]+)"/g)].map(([, name]) => NAMES[name ?? ""] ?? name);
  return names.join(" or ");
}

const NAMES: Record<string, string> = {
  string: "text",
  number: "a number",
  integer: "a whole number",
  boolean: "true or false",
  array: "a list",
  object: "an object",
  null: "null",
};

function validationData(parts: readonly Pointed[]) {
  const errorSchema = errorSchemaOf(parts);
  return { errors: toErrorList(errorSchema) as RJSFValidationError[], errorSchema };
}

/** The tree in which forms want to be told what is wrong. */
export function errorSchemaOf(parts: readonly Pointed[]) {
  const builder = new ErrorSchemaBuilder();
  for (const { pointer, detail } of parts) builder.addErrors(detail, segmentsOf(pointer));
  return builder.ErrorSchema;
}

export const validator: ValidatorType = {
  validateFormData: (formData, schema) => validationData(invalidParts(schema, formData)),
  isValid: (schema, formData, rootSchema) => isValid(schema, formData, rootSchema),
  rawValidation: (schema, formData) => ({ errors: invalidParts(schema, formData) as never[] }),
};

function isValid(schema: RJSFSchema, value: unknown, root: RJSFSchema): boolean {
  return invalidParts(schema, value, root).length === 0;
}
