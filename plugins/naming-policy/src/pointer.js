// RFC 6901 JSON pointers.

/** The value at a pointer, or undefined. Keys that objects inherit are not there. */
export function at(document, pointer) {
  let value = document;
  for (const step of pointer.split('/').slice(1)) {
    const key = step.replaceAll('~1', '/').replaceAll('~0', '~');
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
    value = value[key];
  }
  return value;
}
