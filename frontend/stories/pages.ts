/** Every screen, with something on it: for who looks at all of them. */
import type { Page } from "@playwright/test";
import { eventScreens } from "./pages/events";
import { hookScreens } from "./pages/hooks";
import { pluginScreens } from "./pages/plugins";
import { runScreens } from "./pages/runs";
import { settingsScreens } from "./pages/settings";
import { shellScreens } from "./pages/shell";
import type { Json, Studio } from "./studio";

/** Who looks: the administrator as a rule. A newcomer is an administrator of an empty studio. */
export type Who = "administrator" | "viewer" | "guest" | "newcomer";

export type Screen = {
  name: string;
  path: string;
  who?: Who;
  /** What to do before it is looked at. */
  then?: (page: Page) => Promise<void>;
};

export type Numbered = Json & { id: number; name: string };

/** The screens of a studio on which the example has run, and `furnish`, area by area. */
export const AREAS: Record<string, (studio: Studio) => Promise<Screen[]>> = {
  "around all pages": shellScreens,
  "hooks and inheritance": hookScreens,
  "jobs and executions": runScreens,
  "events and deliveries": eventScreens,
  "plugins and scripts": pluginScreens,
  settings: settingsScreens,
};

/** Waits until what a page shows first is there. */
export async function settled(page: Page) {
  await page.getByRole("heading", { level: 1 }).first().waitFor();
  await page.waitForFunction(
    () => document.querySelector(".mantine-Skeleton-root, .mantine-Loader-root") === null,
  );
  await page.evaluate(() => document.fonts.ready);
}
