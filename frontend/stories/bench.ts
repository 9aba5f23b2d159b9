/**
 * How the list of 10,000 hooks scrolls: the times between frames while it is turned
 * with the wheel from its top to its end. A measurement, no test: `scripts/test-frontend bench`.
 */
import { settled } from "./pages";
import { expect, test } from "./studio";

const HOOKS = 10_000;
const AT_ONCE = 16;
const TURNS = 240;

test("a list of 10,000 hooks", async ({ studio, desk }) => {
  await studio.script("naming.sh", "#!/bin/sh\nexit 0\n");
  const points = [
    "post_variant",
    "pre_segment",
    "post_segment",
    "pre_concatenation",
    "post_delivery",
  ];
  let next = 0;
  const make = async () => {
    while (next < HOOKS) {
      const number = next++;
      await studio.ask("POST", "/hooks", {
        name: `hook-${String(number).padStart(5, "0")}`,
        hook_type: "shell",
        hook_point: points[number % points.length],
        scope_type: "studio",
        sort_order: number,
        config: { script_path: "naming.sh" },
      });
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, make));

  const started = Date.now();
  await desk.goto("/hooks");
  await settled(desk);
  await expect(desk.getByText("hook-00000")).toBeVisible();
  console.log(`the first hooks are there after ${Date.now() - started} ms`);
  await expect(desk.getByText(/10,0\d\d hooks/)).toBeVisible({ timeout: 60_000 });
  console.log(`all of them after ${Date.now() - started} ms`);

  await desk.evaluate(() => {
    const frames: number[] = [];
    let last = performance.now();
    const frame = (now: number) => {
      frames.push(now - last);
      last = now;
      requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
    (window as unknown as { frames?: number[] }).frames = frames;
  });
  await desk.getByText("hook-00000").hover();
  for (let turn = 0; turn < TURNS; turn++) {
    await desk.mouse.wheel(0, 900);
    await desk.evaluate(() => new Promise(requestAnimationFrame));
  }
  const frames = await desk.evaluate(
    () => (window as unknown as { frames?: number[] }).frames ?? [],
  );
  frames.sort((a, b) => a - b);
  const at = (share: number) => (frames[Math.floor((frames.length - 1) * share)] ?? 0).toFixed(1);
  console.log(
    `${frames.length} frames while scrolling: p50 ${at(0.5)} ms, p95 ${at(0.95)} ms, p99 ${at(0.99)} ms, longest ${at(1)} ms; over 50 ms: ${frames.filter((ms) => ms > 50).length}`,
  );
  const drawn = await desk.locator("[data-row]").count();
  console.log(`rows in the page at the end: ${drawn}`);
});
