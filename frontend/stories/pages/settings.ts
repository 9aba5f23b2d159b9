/** Settings. */
import type { Screen } from "../pages";

let made = 0;

export async function settingsScreens(): Promise<Screen[]> {
  return [
    { name: "settings-projects", path: "/settings/projects" },
    {
      name: "settings-project-new",
      path: "/settings/projects",
      then: async (page) => {
        await page.getByRole("button", { name: "Create a project" }).click();
        await page.getByRole("dialog", { name: "New project" }).waitFor();
      },
    },
    { name: "settings-tokens", path: "/settings/tokens" },
    { name: "settings-tokens-viewer", path: "/settings/tokens", who: "viewer" },
    {
      name: "settings-token-new",
      path: "/settings/tokens",
      then: async (page) => {
        await page.getByRole("button", { name: "Create a token" }).click();
        await page.getByRole("dialog", { name: "Create a token" }).waitFor();
      },
    },
    {
      name: "settings-token-made",
      path: "/settings/tokens",
      then: async (page) => {
        await page.getByRole("button", { name: "Create a token" }).click();
        const dialog = page.getByRole("dialog", { name: "Create a token" });
        await dialog.getByRole("textbox", { name: "Name" }).fill(`conform bench ${++made}`);
        await dialog.getByRole("button", { name: "Create", exact: true }).click();
        await page.getByRole("dialog", { name: /is created$/ }).waitFor();
      },
    },
    { name: "settings-secrets", path: "/settings/secrets" },
    {
      name: "settings-secret-replace",
      path: "/settings/secrets",
      then: async (page) => {
        await page.getByRole("button", { name: "Replace tracker_token" }).click();
        await page.getByRole("dialog", { name: "Replace tracker_token" }).waitFor();
      },
    },
    { name: "settings-audit", path: "/settings/audit" },
    {
      name: "settings-change",
      path: "/settings/audit?subject_type=hook",
      then: async (page) => {
        await page.keyboard.press("j");
        await page.keyboard.press("Enter");
        await page.getByRole("dialog").waitFor();
      },
    },
    { name: "settings-about", path: "/settings/about" },
  ];
}
