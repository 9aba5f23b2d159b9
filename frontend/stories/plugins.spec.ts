/** Plugins: what they are, bad ones refused in words, good ones installed. */
import { join } from "node:path";
import { ROOT } from "./server";
import { expect, test } from "./studio";

const GOOD = join(ROOT, "target/wasm32-wasip2/release/loudness_gate.wasm");
const BAD = Buffer.from("this is no component");

test.describe("plugins", () => {
  test("the catalogue is searched, and a plugin says in words what it may touch", async ({
    desk,
  }) => {
    await desk.goto("/plugins");
    await desk.keyboard.press("/");
    await desk.getByRole("textbox", { name: "Search" }).fill("true peak");
    await expect(desk).toHaveURL(/search=true/);
    await expect(desk.getByRole("link", { name: "media-probe" })).toHaveCount(0);
    await desk.getByRole("link", { name: "loudness-gate" }).click();
    await expect(desk.getByRole("heading", { name: "loudness-gate", level: 1 })).toBeVisible();
    await expect(desk.getByText("Read the segment's folder")).toBeVisible();
    await expect(desk.getByText("Not signed: nobody vouches for it.")).toBeVisible();
    const settings = desk.getByRole("region", { name: "Settings" });
    await expect(settings.getByRole("textbox").first()).toBeVisible();
    const users = desk.getByRole("table", { name: "Hooks that run it" });
    await expect(users.getByRole("link", { name: "loudness" })).toBeVisible();
  });

  test("a bad plugin is refused with what is wrong and what to do", async ({ desk }) => {
    await desk.goto("/plugins");
    await desk.getByRole("button", { name: "Upload a plugin" }).click();
    const dialog = desk.getByRole("dialog", { name: "Upload a plugin" });
    const choose = async (name: RegExp, file: Parameters<typeof desk.setInputFiles>[1]) => {
      const chooser = desk.waitForEvent("filechooser");
      await dialog.getByRole("button", { name }).click();
      await (await chooser).setFiles(file as string);
    };
    await choose(/Choose a file/, {
      name: "broken.wasm",
      mimeType: "application/wasm",
      buffer: BAD,
    } as never);
    await expect(dialog.getByText("It cannot be published: 1 thing is wrong")).toBeVisible();
    const broken = dialog.getByRole("listitem").filter({ hasText: "Its format" });
    await expect(broken).toContainText("It is no WebAssembly component");
    await expect(broken).toContainText("What to do: Build it with stagehook plugin build");
    await expect(dialog.getByRole("button", { name: "Publish" })).toBeDisabled();

    await choose(/Choose another/, GOOD);
    await expect(dialog.getByText("It can be published")).toBeVisible({ timeout: 60_000 });
    await dialog.getByRole("button", { name: /^Publish loudness-gate/ }).click();
    await expect(desk.getByRole("heading", { name: "loudness-gate", level: 1 })).toBeVisible();
  });

  test("it is installed at a scope, what is wrong with its settings told at the field", async ({
    studio,
    desk,
  }) => {
    await desk.goto("/plugins/loudness-gate");
    await desk.getByRole("button", { name: "Install as a hook" }).click();
    await expect(
      desk.getByRole("heading", { name: "Install loudness-gate", level: 1 }),
    ).toBeVisible();
    const name = desk.getByRole("textbox", { name: "Name", exact: true });
    await name.fill("");
    await desk.getByRole("button", { name: "Install", exact: true }).click();
    await expect(name).toHaveAttribute("aria-invalid", "true");
    await name.fill("loudness-everywhere");
    await desk.getByRole("button", { name: "Install", exact: true }).click();
    // It is told where a capability that it asks for was not granted.
    await desk.getByRole("link", { name: "To the hook" }).click();
    await expect(desk).toHaveURL(/\/hooks\/\d+/);
    const id = desk.url().match(/hooks\/(\d+)/)?.[1];
    expect(await studio.ask("GET", `/hooks/${id}`)).toMatchObject({
      name: "loudness-everywhere",
      hook_type: "wasm",
      scope_type: "studio",
    });
    await studio.ask("DELETE", `/hooks/${id}`);
  });

  test("a version is yanked with a reason, and offered again", async ({ desk }) => {
    await desk.goto("/plugins/media-probe");
    await desk.getByRole("button", { name: "More" }).click();
    await desk.getByRole("menuitem", { name: "Yank this version" }).click();
    const dialog = desk.getByRole("dialog", { name: /Yank media-probe/ });
    await dialog.getByRole("textbox", { name: "Reason" }).fill("wrong for 29.97 fps");
    await dialog.getByRole("button", { name: "Yank it" }).click();
    await expect(desk.getByText(/wrong for 29.97 fps/)).toBeVisible();
    await desk.getByRole("button", { name: "Offer it again" }).click();
    await expect(desk.getByText(/is offered again/)).toBeVisible();
    await expect(desk.getByText(/wrong for 29.97 fps/)).toHaveCount(0);
  });
});
