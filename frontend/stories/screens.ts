/** The pictures of `docs/screens`: every screen, light and dark, and some on a tablet. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { furnish } from "./furnish";
import { screens, settled } from "./pages";
import { ROOT } from "./server";
import { test } from "./studio";

const FOLDER = join(ROOT, "docs/screens");
const ON_A_TABLET = new Set(["overview", "hooks", "job-review", "execution-failed"]);

test("pictures of every screen", async ({ studio, desk }) => {
  await furnish(studio);
  await mkdir(FOLDER, { recursive: true });
  for (const scheme of ["light", "dark"] as const) {
    await desk.emulateMedia({ colorScheme: scheme, reducedMotion: "reduce" });
    for (const screen of await screens(studio)) {
      await desk.setViewportSize({ width: 1440, height: 900 });
      await desk.goto(screen.path);
      await settled(desk);
      await screen.then?.(desk);
      await desk.screenshot({ path: join(FOLDER, `${screen.name}-${scheme}.png`) });
      if (scheme === "light" && ON_A_TABLET.has(screen.name)) {
        await desk.setViewportSize({ width: 820, height: 1180 });
        await desk.screenshot({ path: join(FOLDER, `${screen.name}-tablet.png`) });
      }
    }
  }
});
