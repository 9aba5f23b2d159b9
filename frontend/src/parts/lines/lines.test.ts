import { describe, expect, test } from "vitest";
import { jsonLines } from "./json-lines";
import { beginning, find, logLines, marked } from "./lines";

describe("what a hook printed", () => {
  test("has colours that go on over lines, and are no text", () => {
    const lines = logLines("\u001b[31mfirst\ntwo\u001b[0m three\n");
    expect(lines.count).toBe(2);
    expect(lines.pieces(1).map(({ text, fg }) => [text, fg])).toEqual([
      ["two", 1],
      [" three", undefined],
    ]);
    expect(lines.plain(0)).toBe("first");
  });
  test("has 256 and 16 million colours as the nearest of sixteen", () => {
    const lines = logLines("\u001b[38;5;196mred\u001b[38;2;20;200;30mgreen\u001b[48;5;21;1mbold");
    expect(lines.pieces(0).map(({ text, fg, bg, bold }) => [text, fg, bg, bold])).toEqual([
      ["red", 1, undefined, undefined],
      ["green", 2, undefined, undefined],
      ["bold", 2, 4, true],
    ]);
  });
  test("hides nothing: controls, other escapes and what turns text around are seen", () => {
    const lines = logLines("a\u0000b\u001b[2Kc\rd\u202ee\u007f\ttab\r\n");
    expect(lines.plain(0)).toBe("a‹NUL›b‹ESC›[2Kc‹CR›d‹U+202E›e‹DEL›\ttab");
  });
  test("says in place what was dropped", () => {
    const lines = logLines("head\n[... 12345 bytes dropped ...]\ntail");
    expect(lines.pieces(1)).toEqual([{ text: "12,345 bytes were dropped here", note: true }]);
  });
  test("of nothing has no lines", () => {
    expect(logLines("").count).toBe(0);
    expect(logLines("\n").count).toBe(1);
  });
});

describe("searching", () => {
  test("is indifferent to case until a capital is asked for", () => {
    const lines = logLines("Error error\nERROR");
    expect(find(lines, "error")).toHaveLength(3);
    expect(find(lines, "Error")).toEqual([{ line: 0, from: 0, to: 5 }]);
  });
  test("marks a hit that goes over pieces", () => {
    const lines = logLines("ab\u001b[31mcd\u001b[0mef");
    const cut = marked(lines.pieces(0), find(lines, "bcde"));
    expect(cut.map(({ text, hit }) => [text, hit])).toEqual([
      ["a", undefined],
      ["b", 0],
      ["cd", 0],
      ["e", 0],
      ["f", undefined],
    ]);
  });
  test("a long line is shown by its beginning", () => {
    expect(beginning([{ text: "abc" }, { text: "def" }], 4)).toEqual([
      { text: "abc" },
      { text: "d" },
    ]);
  });
});

test("a JSON value has lines, and blocks that can be folded", () => {
  const lines = jsonLines({ a: { "b:": [1, -2.5e3] }, c: 'x\u202e"' });
  expect(Array.from({ length: lines.count }, (_, line) => lines.plain(line))).toEqual([
    "{",
    '  "a": {',
    '    "b:": [',
    "      1,",
    "      -2500",
    "    ]",
    "  },",
    '  "c": "x\\u202e\\""',
    "}",
  ]);
  expect([0, 1, 2, 3].map((line) => lines.foldEnd?.(line))).toEqual([8, 6, 5, undefined]);
  expect(lines.pieces(7).map(({ text, json }) => [text, json])).toEqual([
    ["  ", undefined],
    ['"c"', "key"],
    [":", "mark"],
    [" ", undefined],
    ['"x\\u202e\\""', "string"],
  ]);
});
