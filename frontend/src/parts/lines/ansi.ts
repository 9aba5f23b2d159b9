/**
 * What terminals colour (SGR, ECMA-48 8.3.117), as pieces of plain text. Nothing else
 * of an escape sequence is obeyed: it is shown, as every other control character is,
 * so that a log can hide nothing.
 */
import type { Piece } from "./lines";

export type Style = {
  /** 0 to 15, or absent for the text's own colour. */
  fg?: number;
  bg?: number;
  bold?: boolean;
  dim?: boolean;
  italic?: boolean;
  underline?: boolean;
  inverse?: boolean;
};

export const PLAIN: Style = {};

const SGR = /\u001b\[([\d;:]*)m/g;
/** Controls but the tab, and what turns or hides the text around it (bidi, zero width). */
const HIDDEN =
  /[\u0000-\u0008\u000a-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

/** Of the controls 0 to 31. Unicode's pictures of them are in few fonts. */
const NAMES =
  "NUL SOH STX ETX EOT ENQ ACK BEL BS HT LF VT FF CR SO SI DLE DC1 DC2 DC3 DC4 NAK SYN ETB CAN EM SUB ESC FS GS RS US".split(
    " ",
  );

/** The text as it is read: colours left out, control characters made visible. */
export function plainOf(line: string): string {
  return visible(line.includes("\u001b") ? line.replace(SGR, "") : line);
}

/** The style after a line that began with another. */
export function styleAfter(line: string, before: Style): Style {
  if (!line.includes("\u001b")) return before;
  let style = before;
  for (const [, codes] of line.matchAll(SGR)) style = applied(style, codes ?? "");
  return style;
}

/** A line in pieces of one style each. */
export function piecesOf(line: string, before: Style): Piece[] {
  const pieces: Piece[] = [];
  let style = before;
  let from = 0;
  const add = (text: string) => {
    if (text !== "") pieces.push({ text: visible(text), ...attributes(style) });
  };
  if (line.includes("\u001b")) {
    for (const match of line.matchAll(SGR)) {
      add(line.slice(from, match.index));
      from = match.index + match[0].length;
      style = applied(style, match[1] ?? "");
    }
  }
  add(line.slice(from));
  return pieces;
}

function visible(text: string): string {
  return text.replace(HIDDEN, (character) => {
    const code = character.charCodeAt(0);
    const name = NAMES[code] ?? (code === 0x7f ? "DEL" : undefined);
    return `‹${name ?? `U+${code.toString(16).toUpperCase().padStart(4, "0")}`}›`;
  });
}

function applied(before: Style, codes: string): Style {
  const numbers = codes.split(/[;:]/).map((code) => (code === "" ? 0 : Number(code)));
  let style = { ...before };
  for (let at = 0; at < numbers.length; at++) {
    const code = numbers[at] ?? 0;
    if (code === 0) style = {};
    else if (code === 1) style.bold = true;
    else if (code === 2) style.dim = true;
    else if (code === 3) style.italic = true;
    else if (code === 4) style.underline = true;
    else if (code === 7) style.inverse = true;
    else if (code === 22) style.bold = style.dim = undefined;
    else if (code === 23) style.italic = undefined;
    else if (code === 24) style.underline = undefined;
    else if (code === 27) style.inverse = undefined;
    else if (code >= 30 && code <= 37) style.fg = code - 30;
    else if (code >= 90 && code <= 97) style.fg = code - 90 + 8;
    else if (code >= 40 && code <= 47) style.bg = code - 40;
    else if (code >= 100 && code <= 107) style.bg = code - 100 + 8;
    else if (code === 39) style.fg = undefined;
    else if (code === 49) style.bg = undefined;
    else if (code === 38 || code === 48) {
      const [colour, used] = extended(numbers, at + 1);
      if (code === 38) style.fg = colour;
      else style.bg = colour;
      at += used;
    }
  }
  return style;
}

/** `5;n` or `2;r;g;b`: the nearest of the 16, since those can be read on both grounds. */
function extended(numbers: number[], at: number): [number | undefined, number] {
  const kind = numbers[at];
  if (kind === 2) {
    const [red = 0, green = 0, blue = 0] = numbers.slice(at + 1, at + 4);
    return [nearest(red, green, blue), 4];
  }
  if (kind !== 5) return [undefined, 1];
  const index = numbers[at + 1] ?? 0;
  if (index < 16) return [index, 2];
  if (index >= 232) return [index < 244 ? 8 : 7, 2];
  const cube = index - 16;
  const level = (step: number) => (step === 0 ? 0 : 55 + 40 * step);
  return [
    nearest(level(Math.floor(cube / 36)), level(Math.floor(cube / 6) % 6), level(cube % 6)),
    2,
  ];
}

function nearest(red: number, green: number, blue: number): number {
  const most = Math.max(red, green, blue);
  const least = Math.min(red, green, blue);
  if (most - least < 40) return most < 64 ? 0 : most < 160 ? 8 : 7;
  const half = (most + least) / 2;
  return (red > half ? 1 : 0) | (green > half ? 2 : 0) | (blue > half ? 4 : 0);
}

function attributes(style: Style): Omit<Piece, "text"> {
  const fg = style.inverse ? style.bg : style.fg;
  const bg = style.inverse ? (style.fg ?? 7) : style.bg;
  return {
    fg: style.dim && fg === undefined ? 8 : fg,
    bg,
    bold: style.bold,
    italic: style.italic,
    underline: style.underline,
  };
}
