/** Going from page to page: where one is then, and what may be missing on the way (UI-5). */
import { expect, test } from "./studio";

test("a page that is gone to begins at its top with the focus on its title, and Back is where one was", async ({
  desk,
}) => {
  await desk.setViewportSize({ width: 1280, height: 420 });
  await desk.goto("/hooks");
  const last = desk.getByRole("table", { name: "Hooks" }).getByRole("link").last();
  await last.scrollIntoViewIfNeeded();
  const at = await desk.evaluate(() => window.scrollY);
  expect(at).toBeGreaterThan(0);

  await desk.getByRole("link", { name: "Settings", exact: true }).click();
  await expect(desk.getByRole("heading", { name: "Settings", level: 1 })).toBeFocused();
  expect(await desk.evaluate(() => window.scrollY)).toBe(0);
  await desk.goBack();
  await expect(desk.getByRole("heading", { name: "Hooks", level: 1 })).toBeFocused();
  await expect.poll(() => desk.evaluate(() => window.scrollY)).toBe(at);

  // A tab is of the same page, and keeps the focus.
  await desk.goto("/settings");
  await desk.getByRole("tab", { name: "Projects" }).click();
  await expect(desk).toHaveURL(/\/settings\/projects/);
  await expect(desk.getByRole("tab", { name: "Projects" })).toBeFocused();
});

test("where the machine says that it has no network, a server on it is reached", async ({
  desk,
}) => {
  await desk.evaluate(() => window.dispatchEvent(new Event("offline")));
  await desk.getByRole("link", { name: /^Jobs/ }).click();
  await expect(desk.getByRole("table").first().getByRole("row").nth(1)).toBeVisible();
});

test("the page stays where what is beside it could not be loaded", async ({ studio, browser }) => {
  const page = await browser.newPage({ baseURL: studio.server.url });
  await studio.signIn(page);
  await page.route(/\/palette-[^/]*\.js/, (route) => route.abort());
  await page.keyboard.press("Control+k");
  await expect(page.getByText("The palette could not be loaded")).toBeVisible();
  await expect(page.getByRole("heading", { name: "Overview", level: 1 })).toBeVisible();
  await page.getByRole("link", { name: /^Jobs/ }).click();
  await expect(page.getByRole("heading", { name: "Jobs", level: 1 })).toBeVisible();
  await page.close();
});
