import { expect, test } from "vitest";
import { sayAgo, sayWhen } from "./time";

const NOW = Date.parse("2026-11-22T10:00:00Z");

test("what is past is not told as yet to come by a clock that is behind", () => {
  expect(sayAgo("2026-11-22T10:00:07Z", NOW)).toBe("now");
  expect(sayAgo("2026-11-22T09:59:20Z", NOW)).toMatch(/^40 sec.* ago$/);
});

test("what is yet to come is told so", () => {
  expect(sayWhen("2026-11-22T10:02:00Z", NOW)).toMatch(/^in 2 min/);
  expect(sayWhen("2026-11-22T09:58:00Z", NOW)).toMatch(/^2 min.* ago$/);
});
