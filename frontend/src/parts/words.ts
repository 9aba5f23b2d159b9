/** Small things about text. */

/** With its first letter upper case, as sentences begin. */
export const sentence = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** "1 attempt", "2 attempts" */
export const counted = (count: number, one: string, many = `${one}s`): string =>
  `${count.toLocaleString("en")} ${count === 1 ? one : many}`;

/** "a, b and c" */
export function listed(words: readonly string[]): string {
  if (words.length < 2) return words.join("");
  return `${words.slice(0, -1).join(", ")} and ${words[words.length - 1]}`;
}
