/** A JSON value in lines that can be folded. */
import type { Lines, Piece } from "./lines";

// A text, a key if a colon follows, a number, a word, or what is between them.
const TOKEN =
  /("[^"\\]*(?:\\.[^"\\]*)*")(:)?|(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|(true|false|null)|([[\]{},]+)|(\s+)/g;

export function jsonLines(value: unknown): Lines {
  const text = value === undefined ? "" : JSON.stringify(value, null, 2);
  const raw = text === "" ? [] : text.split("\n");
  const ends = new Map<number, number>();
  const open: number[] = [];
  raw.forEach((line, at) => {
    const last = line[line.length - 1];
    const first = line.trimStart()[0];
    if (first === "}" || first === "]") {
      const begun = open.pop();
      if (begun !== undefined) ends.set(begun, at);
    }
    if (last === "{" || last === "[") open.push(at);
  });
  const at = (line: number) => shown(raw[line] ?? "");
  return {
    count: raw.length,
    plain: at,
    pieces: (line) => tokens(at(line)),
    foldEnd: (line) => ends.get(line),
  };
}

/** JSON leaves these in texts as they are; they would turn or hide what is around them. */
function shown(line: string): string {
  return line.replace(
    /[\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

function tokens(line: string): Piece[] {
  const pieces: Piece[] = [];
  for (const [whole, string, colon, number, word, mark] of line.matchAll(TOKEN)) {
    if (string !== undefined && colon !== undefined) {
      pieces.push({ text: string, json: "key" }, { text: colon, json: "mark" });
    } else if (string !== undefined) pieces.push({ text: string, json: "string" });
    else if (number !== undefined) pieces.push({ text: number, json: "number" });
    else if (word !== undefined) pieces.push({ text: word, json: "word" });
    else pieces.push({ text: whole, json: mark === undefined ? undefined : "mark" });
  }
  return pieces;
}
