import { expect, test } from "vitest";
import { sayEvent } from "./words";

test("Stagehook's own events are told as sentences, others by their data", () => {
  expect(sayEvent("job_completed", { job_id: 4, external_ref: "sh010" })).toBe(
    "Job 4 (sh010) was completed",
  );
  expect(sayEvent("shot.approved", { shot: "sh010", take: 2 })).toBe("shot: sh010, take: 2");
});

test("a type may have any name", () => {
  for (const name of ["constructor", "toString", "__proto__", "hasOwnProperty"]) {
    expect(sayEvent(name, { frame: 1 })).toBe("frame: 1");
  }
});
