/** Whether there is a value: the API leaves out, or has as null, what is not known. */
export const isKnown = <T>(value: T | null | undefined): value is T =>
  value !== null && value !== undefined;
