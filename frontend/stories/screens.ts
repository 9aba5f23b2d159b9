/** The pictures of `docs/screens`: every screen, light and dark, and some on a tablet. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { AREAS } from "./pages";
import { ROOT } from "./server";
import { SCHEMES, test } from "./visitors";

const FOLDER = join(ROOT, "docs/screens");
const ON_A_TABLET = new Set(["overview", "hooks", "job-review", "execution-failed"]);

test.use({ isFurnished: true });

for (const [area, screens] of Object.entries(AREAS)) {
  test(`pictures: ${area}`, async ({ studio, visit }) => {
    await mkdir(FOLDER, { recursive: true });
    for (const screen of await screens(studio)) {
      const page = await visit.see(screen);
      for (const scheme of SCHEMES) {
        await visit.light(page, scheme);
        await page.screenshot({ path: join(FOLDER, `${screen.name}-${scheme}.png`) });
      }
      if (ON_A_TABLET.has(screen.name)) {
        await visit.light(page, "light");
        await page.setViewportSize({ width: 820, height: 1180 });
        await page.screenshot({ path: join(FOLDER, `${screen.name}-tablet.png`) });
        await page.setViewportSize({ width: 1440, height: 900 });
      }
    }
  });
}
