/** Who looks at all screens: a furnished studio, and the pages of all sorts of people on it. */
import type { Page } from "@playwright/test";
import { type Screen, settled, type Who } from "./pages";
import { Server } from "./server";
import { expect, type Studio, test as base } from "./studio";

export const SCHEMES = ["light", "dark"] as const;
type Scheme = (typeof SCHEMES)[number];

type Visit = {
  /** Opens a screen, as it is to be looked at. */
  see: (screen: Screen) => Promise<Page>;
  /** Dims the light, or turns it on. */
  light: (page: Page, scheme: Scheme) => Promise<void>;
};

export const test = base.extend<{ visit: Visit }>({
  visit: async ({ studio, desk, browser }, use) => {
    const pages = new Map<Who, Page>([["administrator", desk]]);
    const ends: (() => Promise<void>)[] = [];
    const enter = async (who: Who): Promise<Page> => {
      const server = who === "newcomer" ? await Server.start() : studio.server;
      if (server !== studio.server) ends.unshift(() => server.remove());
      const context = await browser.newContext({ baseURL: server.url });
      ends.unshift(() => context.close());
      const page = await context.newPage();
      if (who === "viewer") await studio.signIn(page, await viewersToken(studio));
      if (who === "newcomer") {
        await page.goto(`/sign-in#token=${server.token}`);
        await page.getByRole("dialog", { name: "Welcome to Stagehook" }).waitFor();
      }
      return page;
    };
    await use({
      see: async ({ path, who = "administrator", then }) => {
        const page = pages.get(who) ?? (await enter(who));
        pages.set(who, page);
        await page.unrouteAll({ behavior: "ignoreErrors" });
        await page.emulateMedia({ colorScheme: SCHEMES[0], reducedMotion: "reduce" });
        await page.goto(path);
        await settled(page);
        if (then) {
          await then(page);
          await settled(page);
        }
        return page;
      },
      light: async (page, colorScheme) => {
        await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
        await expect(page.locator("html")).toHaveAttribute(
          "data-mantine-color-scheme",
          colorScheme,
        );
        // Colours that are on their way are neither's; what inherits one sets out after it.
        await page.evaluate(async () => {
          const frame = () =>
            new Promise((resolve) => {
              requestAnimationFrame(resolve);
              // What is not drawn has no frames.
              setTimeout(resolve, 100);
            });
          const isOnItsWay = () =>
            document.getAnimations().some((animation) => animation instanceof CSSTransition);
          const end = performance.now() + 3_000;
          for (let still = 0; still < 3 && performance.now() < end;) {
            await frame();
            still = isOnItsWay() ? 0 : still + 1;
          }
        });
      },
    });
    for (const end of ends) await end();
  },
});

let viewers = 0;

async function viewersToken(studio: Studio): Promise<string> {
  const made = await studio.ask<{ token: string }>("POST", "/tokens", {
    name: `visitor ${++viewers}`,
    role: "viewer",
  });
  return made.token;
}
