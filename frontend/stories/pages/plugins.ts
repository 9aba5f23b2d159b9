/** Plugins and scripts. */
import { join } from "node:path";
import type { Page } from "@playwright/test";
import type { Screen } from "../pages";
import { ROOT } from "../server";
import type { Studio } from "../studio";

const GOOD = join(ROOT, "target/wasm32-wasip2/release/loudness_gate.wasm");
const BAD = {
  name: "broken.wasm",
  mimeType: "application/wasm",
  buffer: Buffer.from("this is no component"),
};

async function upload(page: Page, file: typeof GOOD | typeof BAD, says: string | RegExp) {
  const dialog = page.getByRole("dialog", { name: "Upload a plugin" });
  const chooser = page.waitForEvent("filechooser");
  await dialog.getByRole("button", { name: "Choose a file" }).click();
  await (await chooser).setFiles(file);
  // It is compiled.
  await dialog.getByText(says).waitFor({ timeout: 60_000 });
}

export async function pluginScreens(studio: Studio): Promise<Screen[]> {
  const [script] = await studio.list<{ path: string }>("/scripts");
  return [
    { name: "plugins", path: "/plugins" },
    {
      name: "plugin-upload",
      path: "/plugins?upload=true",
      then: (page) => upload(page, GOOD, "It can be published"),
    },
    {
      name: "plugin-upload-refused",
      path: "/plugins?upload=true",
      then: (page) => upload(page, BAD, /^It cannot be published/),
    },
    { name: "plugin", path: "/plugins/loudness-gate" },
    { name: "plugin-install", path: "/plugins/loudness-gate?install=true" },
    {
      name: "plugin-yank",
      path: "/plugins/media-probe",
      then: async (page) => {
        await page.getByRole("button", { name: "More" }).click();
        await page.getByRole("menuitem", { name: "Yank this version" }).click();
        await page.getByRole("dialog", { name: /^Yank media-probe/ }).waitFor();
      },
    },
    { name: "plugin-gone", path: "/plugins/no-such-plugin" },
    { name: "scripts", path: "/scripts" },
    {
      name: "script-new",
      path: "/scripts",
      then: async (page) => {
        await page.getByRole("button", { name: "New script" }).click();
        await page.getByRole("dialog", { name: "New script" }).waitFor();
      },
    },
    ...(script
      ? [
          { name: "script", path: `/scripts/${script.path}` },
          { name: "script-versions", path: `/scripts/${script.path}?tab=versions` },
          { name: "script-hooks", path: `/scripts/${script.path}?tab=hooks` },
        ]
      : []),
    { name: "script-gone", path: "/scripts/nowhere/none.sh" },
  ];
}
