type Json = Record<string, unknown>;

const isJson = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/**
 * The same schema, in which a choice among constants of one type says this type.
 * Generators (schemars for an enum whose variants are described) say it at each
 * constant alone, and the form looks for it above them.
 */
export function withTypedChoices<T>(schema: T): T {
  if (Array.isArray(schema)) return schema.map(withTypedChoices) as T;
  if (!isJson(schema)) return schema;
  const typed: Json = {};
  for (const [key, value] of Object.entries(schema)) typed[key] = withTypedChoices(value);
  const type = typed.type === undefined ? typeOfChoice(typed.oneOf ?? typed.anyOf) : undefined;
  if (type) typed.type = type;
  return typed as T;
}

function typeOfChoice(among: unknown): string | undefined {
  if (!Array.isArray(among) || among.length === 0) return undefined;
  const types = new Set(
    among.map((one) => (isJson(one) && "const" in one ? typeof one.const : "object")),
  );
  const [type] = types;
  return types.size === 1 && type !== "object" ? type : undefined;
}
