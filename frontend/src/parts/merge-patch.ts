/** Merge patches (RFC 7396), and what they change in words that can be listed. */

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
type Members = { [key: string]: Json };

export const isMembers = (value: unknown): value is Members =>
  typeof value === "object" && value !== null && !Array.isArray(value);

export function patched(target: Json | undefined, patch: Json): Json {
  if (!isMembers(patch)) return patch;
  const after: Members = isMembers(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete after[key];
    else set(after, key, patched(own(after, key), value));
  }
  return after;
}

export type Change = {
  /** The keys that lead there. */
  path: string[];
  kind: "added" | "changed" | "removed";
  before?: Json;
  after?: Json;
};

/** What is different, each at the deepest place that says it; arrays are taken whole. */
export function changes(before: Json | undefined, after: Json | undefined): Change[] {
  const found: Change[] = [];
  compare([], before, after, found);
  return found;
}

function compare(
  path: string[],
  before: Json | undefined,
  after: Json | undefined,
  into: Change[],
) {
  if (before === undefined && after === undefined) return;
  if (isMembers(before) && isMembers(after)) {
    const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
    for (const key of keys) compare([...path, key], own(before, key), own(after, key), into);
    return;
  }
  if (before === undefined && isMembers(after) && Object.keys(after).length > 0) {
    for (const key of Object.keys(after)) compare([...path, key], undefined, own(after, key), into);
  } else if (before === undefined) into.push({ path, kind: "added", after });
  else if (after === undefined) into.push({ path, kind: "removed", before });
  else if (!isSame(before, after)) into.push({ path, kind: "changed", before, after });
}

function isSame(a: Json, b: Json): boolean {
  if (a === b) return true;
  if (Array.isArray(a) && Array.isArray(b))
    return a.length === b.length && a.every((item, at) => isSame(item, b[at]!));
  if (isMembers(a) && isMembers(b)) {
    const keys = Object.keys(a);
    return (
      keys.length === Object.keys(b).length &&
      keys.every((key) => {
        const other = own(b, key);
        return other !== undefined && isSame(a[key]!, other);
      })
    );
  }
  return false;
}

/** Never what an object has by itself, such as `constructor`. */
function own(members: Members, key: string): Json | undefined {
  return Object.hasOwn(members, key) ? members[key] : undefined;
}

/** A key named `__proto__` is a key like any other. */
function set(members: Members, key: string, value: Json) {
  Object.defineProperty(members, key, {
    value,
    enumerable: true,
    configurable: true,
    writable: true,
  });
}
