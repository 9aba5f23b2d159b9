/** The overview, and what is around all pages. */
import type { Page } from "@playwright/test";
import type { Screen } from "../pages";

const SEEN = "stagehook-tour-seen";

/** Looks at the page anew, as one who has or has not seen the tour. */
async function again(page: Page, hasSeen: boolean) {
  const seen = { key: SEEN, value: String(hasSeen) };
  await page.evaluate(({ key, value }) => localStorage.setItem(key, value), seen);
  await page.reload();
}

export async function shellScreens(): Promise<Screen[]> {
  return [
    { name: "overview", path: "/" },
    {
      name: "tour",
      path: "/",
      who: "newcomer",
      then: async (page) => {
        await again(page, false);
        await page.getByRole("dialog", { name: "Welcome to Stagehook" }).waitFor();
      },
    },
    {
      name: "first-run",
      path: "/",
      who: "newcomer",
      then: async (page) => {
        await again(page, true);
        await page.getByRole("heading", { name: /Three steps/ }).waitFor();
      },
    },
    { name: "sign-in", path: "/sign-in", who: "guest" },
    {
      name: "sign-in-refused",
      path: "/sign-in",
      who: "guest",
      then: async (page) => {
        await page.getByRole("textbox", { name: "Token" }).fill("mistyped");
        await page.getByRole("button", { name: "Sign in" }).click();
        await page.getByRole("alert").waitFor();
      },
    },
    {
      name: "sign-in-by-link",
      path: "/sign-in#token=of-somebody-else",
      then: (page) => page.getByRole("heading", { name: "Sign in by this link?" }).waitFor(),
    },
    { name: "not-found", path: "/nowhere" },
    {
      name: "server-gone",
      path: "/jobs",
      then: async (page) => {
        await page.route("**/api/**", (route) => route.abort());
        await page.keyboard.press("r");
        await page.getByText("The server does not answer").first().waitFor();
      },
    },
    {
      name: "palette",
      path: "/hooks",
      then: async (page) => {
        await page.keyboard.press("Control+K");
        await page.getByRole("textbox", { name: "Search" }).last().fill("na");
      },
    },
    {
      name: "keys",
      path: "/jobs",
      then: async (page) => {
        await page.keyboard.press("?");
        await page.getByRole("dialog", { name: "Keys" }).waitFor();
      },
    },
  ];
}
