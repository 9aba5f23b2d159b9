/** Text in lines, of which only those are taken apart that are seen. */
import { PLAIN, piecesOf, plainOf, type Style, styleAfter } from "./ansi";

/** A run of text of one look. */
export type Piece = {
  text: string;
  /** A terminal's colours, 0 to 15. */
  fg?: number;
  bg?: number;
  bold?: boolean;
  italic?: boolean;
  underline?: boolean;
  /** What it is in a JSON text. */
  json?: "key" | "string" | "number" | "word" | "mark";
  /** A remark of ours, not the text's own. */
  note?: boolean;
};

export type Lines = {
  count: number;
  /** What is searched and measured. */
  plain: (line: number) => string;
  pieces: (line: number) => Piece[];
  /** Where the block that begins on this line ends, if one does. */
  foldEnd?: (line: number) => number | undefined;
};

/** What the server puts where it left something out. */
const DROPPED = /^\[\.\.\. (\d+) bytes dropped \.\.\.\]$/;

/** The lines of what a hook printed. */
export function logLines(text: string): Lines {
  const raw = split(text);
  const hasColours = text.includes("\u001b");
  const before: Style[] = [];
  if (hasColours) {
    let style = PLAIN;
    for (const line of raw) {
      before.push(style);
      style = styleAfter(line, style);
    }
  }
  const at = (line: number) => raw[line] ?? "";
  return {
    count: raw.length,
    plain: (line) => plainOf(at(line)),
    pieces: (line) => {
      const dropped = DROPPED.exec(at(line))?.[1];
      if (dropped !== undefined) {
        const bytes = Number(dropped).toLocaleString("en");
        return [{ text: `${bytes} bytes were dropped here`, note: true }];
      }
      return piecesOf(at(line), before[line] ?? PLAIN);
    },
  };
}

function split(text: string): string[] {
  if (text === "") return [];
  const lines = text.split("\n").map((line) => (line.endsWith("\r") ? line.slice(0, -1) : line));
  if (lines[lines.length - 1] === "") lines.pop();
  return lines;
}

export type Hit = { line: number; from: number; to: number };

/** More would say no more. */
export const MOST_HITS = 10_000;

/** Where a text occurs; letters in either case unless it has capitals. */
export function find(lines: Lines, wanted: string): Hit[] {
  if (wanted === "") return [];
  const isExact = wanted !== wanted.toLowerCase();
  const needle = isExact ? wanted : wanted.toLowerCase();
  const hits: Hit[] = [];
  for (let line = 0; line < lines.count; line++) {
    const plain = isExact ? lines.plain(line) : lines.plain(line).toLowerCase();
    for (let at = plain.indexOf(needle); at >= 0; at = plain.indexOf(needle, at + needle.length)) {
      hits.push({ line, from: at, to: at + needle.length });
      if (hits.length >= MOST_HITS) return hits;
    }
  }
  return hits;
}

/** The pieces, cut where a hit begins or ends; `hit` says which one. */
export function marked(
  pieces: readonly Piece[],
  hits: readonly Hit[],
): (Piece & { hit?: number })[] {
  if (hits.length === 0) return [...pieces];
  const cut: (Piece & { hit?: number })[] = [];
  let at = 0;
  let next = 0;
  for (const piece of pieces) {
    let rest = piece.text;
    while (rest !== "") {
      while (next < hits.length && hits[next]!.to <= at) next++;
      const hit = hits[next];
      const isInside = hit !== undefined && hit.from <= at;
      const until = hit === undefined ? Infinity : isInside ? hit.to : hit.from;
      const length = Math.min(rest.length, until - at);
      cut.push({ ...piece, text: rest.slice(0, length), hit: isInside ? next : undefined });
      rest = rest.slice(length);
      at += length;
    }
  }
  return cut;
}

/** The first so many characters of a line's pieces. */
export function beginning(pieces: readonly Piece[], characters: number): Piece[] {
  const kept: Piece[] = [];
  let room = characters;
  for (const piece of pieces) {
    if (room <= 0) break;
    kept.push(piece.text.length > room ? { ...piece, text: piece.text.slice(0, room) } : piece);
    room -= piece.text.length;
  }
  return kept;
}
