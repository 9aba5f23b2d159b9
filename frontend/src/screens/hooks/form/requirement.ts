/** Which version of a plugin a requirement asks for, as far as a form has to know. */

type Version = readonly [number, number, number];

const parse = (text: string): Version | undefined => {
  const match = /^(\d+)(?:\.(\d+))?(?:\.(\d+))?/.exec(text.trim());
  return match ? [Number(match[1]), Number(match[2] ?? 0), Number(match[3] ?? 0)] : undefined;
};

const compare = (a: Version, b: Version): number => a[0] - b[0] || a[1] - b[1] || a[2] - b[2];

/** Whether a version fits; of requirements that are put together otherwise, the server knows. */
export function fits(requirement: string, version: string): boolean {
  const wanted = requirement.trim();
  if (wanted === "" || wanted === "*") return true;
  if (/^\d+\.\d+\.\d+/.test(wanted)) return wanted === version;
  const is = parse(version);
  const least = parse(wanted.replace(/^(\^|~|=|>=)\s*/, ""));
  if (!is || !least) return true;
  if (wanted.startsWith(">=")) return compare(is, least) >= 0;
  const given = wanted.replace(/^\D+/, "").split(".").length;
  if (wanted.startsWith("~") || wanted.startsWith("=")) {
    return compare(is, least) >= 0 && is[0] === least[0] && (given < 2 || is[1] === least[1]);
  }
  // A caret, also where none is written.
  if (compare(is, least) < 0 || is[0] !== least[0]) return false;
  if (least[0] > 0 || given < 2) return true;
  return is[1] === least[1] && (least[1] > 0 || given < 3 || is[2] === least[2]);
}

/** `name@requirement` in its two parts. */
export function partsOf(plugin: string): { name: string; requirement: string } {
  const at = plugin.indexOf("@");
  return at < 0
    ? { name: plugin, requirement: "" }
    : { name: plugin.slice(0, at), requirement: plugin.slice(at + 1) };
}

/** What takes bug fixes and additions, and nothing that breaks. */
export const usualRequirement = (version: string): string =>
  `^${version.split(".").slice(0, 2).join(".")}`;
