/** What was typed and is not saved yet is neither lost unseen nor held fast (UI-1). */
import type { Page } from "@playwright/test";
import { expect, type Json, type Studio, test } from "./studio";

const SCRIPT = "#!/bin/sh\nexit 0\n";

const questionOf = (desk: Page) => desk.getByRole("dialog", { name: "Leave without saving?" });
const leave = (desk: Page) =>
  questionOf(desk).getByRole("button", { name: "Leave", exact: true }).click();

async function hookOf(studio: Studio, name: string): Promise<Json & { id: number }> {
  const { id } = await studio.ask<{ id: number }>("POST", "/projects", { name: `For ${name}` });
  return studio.hook(
    {
      name,
      hook_type: "shell",
      hook_point: "post_segment",
      scope_type: "project",
      scope_id: id,
      config: { script_path: "stories/leaving.sh" },
    },
    SCRIPT,
  );
}

test.describe("leaving without saving", () => {
  test("a new hook is left by Back and by Cancel, after one question", async ({ desk }) => {
    const name = desk.getByRole("textbox", { name: "Name", exact: true });
    const begin = async () => {
      await desk.goto("/hooks");
      await desk.getByRole("link", { name: "New hook" }).click();
      await name.fill("half a hook");
    };
    const expectLeft = async () => {
      await expect(desk.getByRole("heading", { name: "Hooks", level: 1 })).toBeVisible();
      await expect(questionOf(desk)).toBeHidden();
      await expect(desk).toHaveURL(/\/hooks$/);
    };

    await begin();
    await desk.evaluate(() => history.back());
    await leave(desk);
    await expectLeft();

    await begin();
    await desk.getByRole("button", { name: "Cancel" }).click();
    // The way back is what Enter does.
    await expect(questionOf(desk).getByRole("button", { name: "Leave it" })).toBeFocused();
    await desk.keyboard.press("Enter");
    await expect(questionOf(desk)).toBeHidden();
    await expect(name).toHaveValue("half a hook");
    await desk.getByRole("button", { name: "Cancel" }).click();
    await leave(desk);
    await expectLeft();
  });

  test("a script that is being edited is not lost by its tabs", async ({ studio, desk }) => {
    await studio.script("stories/leaving.sh", SCRIPT);
    await desk.goto("/scripts/stories/leaving.sh");
    const content = desk.getByRole("textbox", { name: "Content" });
    await content.fill("#!/bin/sh\necho half\n");
    await desk.getByRole("tab", { name: "Versions" }).click();
    await questionOf(desk).getByRole("button", { name: "Leave it" }).click();
    await expect(content).toContainText("echo half");
    await desk.getByRole("tab", { name: "Versions" }).click();
    await leave(desk);
    await expect(desk.getByRole("table", { name: "Versions" })).toBeVisible();
    await desk.getByRole("tab", { name: "Script" }).click();
    await expect(content).toContainText("exit 0");
  });

  test("nor are the values for a plugin that is being installed", async ({ desk }) => {
    await desk.goto("/plugins/loudness-gate");
    await desk.getByRole("button", { name: "Install as a hook" }).click();
    // What was not touched is left without a question.
    await desk.getByRole("button", { name: "Cancel" }).click();
    await desk.getByRole("button", { name: "Install as a hook" }).click();
    await desk.getByRole("textbox", { name: "Name", exact: true }).fill("half installed");
    await desk.getByRole("button", { name: "Cancel" }).click();
    await leave(desk);
    await expect(desk.getByRole("heading", { name: "loudness-gate", level: 1 })).toBeVisible();
  });
});

test.describe("a hook's form", () => {
  test("keeps what was typed when the hook is switched above it", async ({ studio, desk }) => {
    const hook = await hookOf(studio, "switched-above");
    await desk.goto(`/hooks/${hook.id}/edit`);
    await desk.getByRole("textbox", { name: "Description" }).fill("typed before");
    await desk.getByRole("switch", { name: "switched-above is on" }).press("Space");
    await expect(desk.getByText("switched-above is switched off")).toBeVisible();
    await expect(desk.getByRole("switch", { name: "Switched on" })).not.toBeChecked();
    await expect(desk.getByText("Somebody else changed this hook meanwhile")).toBeHidden();
    await desk.getByRole("button", { name: "Save", exact: true }).click();
    await expect(desk.getByText("switched-above is saved, version 3")).toBeVisible();
    expect(await studio.ask("GET", `/hooks/${hook.id}`)).toMatchObject({
      description: "typed before",
      enabled: false,
    });
  });

  test("loses no value to a name that is there twice, and keeps the focus in its lists", async ({
    studio,
    desk,
  }) => {
    const hook = await hookOf(studio, "named-twice");
    await desk.goto(`/hooks/${hook.id}/edit`);
    const environment = desk.getByRole("group", { name: "Environment" });
    const add = environment.getByRole("button", { name: "Add variable" });
    for (const [at, value] of ["one", "two"].entries()) {
      await add.click();
      await environment.getByRole("textbox", { name: `Name ${at + 1}`, exact: true }).fill("SHOW");
      await environment.getByRole("textbox", { name: "Value of SHOW" }).nth(at).fill(value);
    }
    const second = environment.getByRole("textbox", { name: "Name 2", exact: true });
    await expect(second).toHaveAccessibleDescription("There is one of this name already.");
    await desk.getByRole("button", { name: "Save", exact: true }).click();
    await expect(second).toBeFocused();
    await second.fill("SHOT");
    await expect(second).toHaveAccessibleDescription("");
    await desk.getByRole("button", { name: "Save", exact: true }).click();
    await expect(desk.getByText("named-twice is saved, version 2")).toBeVisible();
    expect(await studio.ask("GET", `/hooks/${hook.id}`)).toMatchObject({
      config: { env: { SHOW: "one", SHOT: "two" } },
    });

    const remove = (name: string) => environment.getByRole("button", { name: `Remove ${name}` });
    await remove("SHOT").focus();
    await desk.keyboard.press("Enter");
    await expect(remove("SHOW")).toBeFocused();
    await desk.keyboard.press("Enter");
    await expect(add).toBeFocused();
  });

  test("that somebody deleted is said to be gone", async ({ studio, desk }) => {
    const hook = await hookOf(studio, "gone-meanwhile");
    await desk.goto(`/hooks/${hook.id}`);
    await expect(desk.getByRole("heading", { name: "gone-meanwhile", level: 1 })).toBeVisible();
    await studio.ask("DELETE", `/hooks/${hook.id}`);
    await expect(desk.getByText("There is no such hook")).toBeVisible();
  });
});
