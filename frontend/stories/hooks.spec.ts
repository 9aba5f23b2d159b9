/** Hooks are listed, put in order, made, changed by several people, and brought back (UI-1). */
import type { Locator, Page } from "@playwright/test";
import { expect, type Json, type Studio, test } from "./studio";

type Hook = Json & { id: number; name: string; version: number; config: Json };

const SCRIPT = "#!/bin/sh\nexit 0\n";

let made = 0;

/** A project of one's own, so that stories do not see each other's hooks. */
async function project(studio: Studio, name: string): Promise<number> {
  return (await studio.ask<{ id: number }>("POST", "/projects", { name: `${name} ${++made}` })).id;
}

function shell(studio: Studio, hook: Json): Promise<Hook> {
  return studio.hook(
    {
      hook_type: "shell",
      hook_point: "post_segment",
      config: { script_path: "stories/pass.sh" },
      ...hook,
    },
    SCRIPT,
  ) as Promise<Hook>;
}

async function three(studio: Studio, name: string): Promise<number> {
  const scope_id = await project(studio, name);
  for (const [at, hook] of ["first", "second", "third"].entries()) {
    await shell(studio, { name: hook, scope_type: "project", scope_id, sort_order: at });
  }
  return scope_id;
}

const orderOf = async (studio: Studio, projectId: number): Promise<string[]> => {
  const hooks = await studio.list<Hook & { sort_order: number }>(
    `/hooks?scope_type=project&scope_id=${projectId}`,
  );
  return hooks.sort((a, b) => a.sort_order - b.sort_order).map(({ name }) => name);
};

const shown = (desk: Page): Promise<string[]> =>
  desk
    .getByRole("table", { name: "Hooks" })
    .getByRole("link", { name: /^(first|second|third)$/ })
    .allTextContents();

const row = (desk: Page, name: string): Locator =>
  desk
    .getByRole("table", { name: "Hooks" })
    .getByRole("row")
    .filter({ has: desk.getByRole("link", { name, exact: true }) });

const save = (desk: Page) => desk.getByRole("button", { name: "Save", exact: true });

test.describe("the list of hooks", () => {
  test("is grouped in the order of the pipeline, filtered by the address, gone through by keys", async ({
    desk,
  }) => {
    await desk.goto("/hooks");
    const stages = desk.getByRole("heading", { level: 2, name: /^(pre|post)_/ });
    await expect(stages).toHaveText([
      "post_variant",
      "pre_segment",
      "post_segment",
      "pre_concatenation",
      "post_delivery",
    ]);
    await desk.keyboard.press("/");
    await expect(desk.getByRole("textbox", { name: /Search/ })).toBeFocused();
    await desk.keyboard.type("naming");
    await expect(desk).toHaveURL(/search=naming/);
    await expect(desk.getByRole("link", { name: "naming" })).toHaveCount(2);
    await expect(desk.getByRole("link", { name: "checksums" })).toHaveCount(0);

    await desk.reload();
    await expect(desk.getByRole("link", { name: "naming" })).toHaveCount(2);
    await desk.getByRole("heading", { level: 1 }).click();
    await desk.keyboard.press("j");
    await desk.keyboard.press("j");
    await desk.keyboard.press("k");
    await desk.keyboard.press("Enter");
    await expect(desk.getByRole("heading", { level: 1, name: "naming" })).toBeVisible();
  });

  test("tells how the last runs went", async ({ desk }) => {
    await desk.goto("/hooks?search=checksums&trigger=post_segment");
    const runs = row(desk, "checksums").getByRole("group", { name: /the last \d+ runs/ });
    await expect(runs).toBeVisible();
    await runs.getByRole("link").first().click();
    await expect(desk).toHaveURL(/\/executions\/\d+/);
  });

  test("switches a hook off, and on again by undo", async ({ studio, desk }) => {
    const hook = await shell(studio, { name: "to-switch", hook_point: "post_delivery" });
    await desk.goto("/hooks?search=to-switch");
    const toggle = desk.getByRole("switch", { name: "to-switch is on" });
    await toggle.click();
    await expect(toggle).not.toBeChecked();
    await expect(desk.getByText("to-switch is switched off")).toBeVisible();
    expect((await studio.ask<Json>("GET", `/hooks/${hook.id}`)).enabled).toBe(false);
    await desk.getByRole("button", { name: "Undo" }).click();
    await expect(toggle).toBeChecked();
    await expect(desk.getByText("to-switch is switched on")).toBeVisible();
    expect((await studio.ask<Json>("GET", `/hooks/${hook.id}`)).enabled).toBe(true);
  });

  test("says why a hook is paused, and brings it back", async ({ studio, desk }) => {
    const hook = await shell(studio, {
      name: "held-up",
      hook_point: undefined,
      event: "job_failed",
    });
    await studio.ask("POST", `/hooks/${hook.id}/pause`);
    await desk.goto("/hooks?paused=true&search=held-up");
    await expect(row(desk, "held-up").getByText("paused")).toBeVisible();
    await row(desk, "held-up").getByRole("button", { name: "Resume" }).click();
    await expect(desk.getByText("Deliveries to held-up go on")).toBeVisible();
    const counts = await studio.ask<Json>("GET", `/hooks/${hook.id}/deliveries`);
    expect(counts.paused_at ?? null).toBeNull();
  });
});

test.describe("the order of hooks", () => {
  test("is changed by dragging, and back by undo", async ({ studio, desk }) => {
    const id = await three(studio, "Dragged");
    await desk.goto(`/hooks?scope_type=project&scope_id=${id}`);
    await expect.poll(() => shown(desk)).toEqual(["first", "second", "third"]);
    const from = desk.getByRole("button", { name: "Drag third to another place" });
    await from.hover();
    await desk.mouse.down();
    const target = await row(desk, "first").boundingBox();
    if (!target) throw new Error("there is no first row");
    await desk.mouse.move(target.x + 30, target.y + target.height / 2, { steps: 12 });
    await desk.mouse.up();
    await expect.poll(() => shown(desk)).toEqual(["third", "first", "second"]);
    await expect(desk.getByText("third runs in place 1 now")).toBeVisible();
    await expect.poll(() => orderOf(studio, id)).toEqual(["third", "first", "second"]);
    await desk.getByRole("button", { name: "Undo" }).click();
    await expect.poll(() => shown(desk)).toEqual(["first", "second", "third"]);
    await expect.poll(() => orderOf(studio, id)).toEqual(["first", "second", "third"]);
  });

  test("is changed by the keyboard, and told to who cannot see it", async ({ studio, desk }) => {
    const id = await three(studio, "Keyed");
    await desk.goto(`/hooks?scope_type=project&scope_id=${id}`);
    await desk.getByRole("button", { name: "Drag first to another place" }).focus();
    await desk.keyboard.press("Space");
    await expect(desk.getByText(/first[,:] place 1 of 3\./)).toBeAttached();
    await desk.keyboard.press("ArrowDown");
    await expect(desk.getByText("first: place 2 of 3.")).toBeAttached();
    await desk.keyboard.press("ArrowDown");
    await expect(desk.getByText("first: place 3 of 3.")).toBeAttached();
    await desk.keyboard.press("Space");
    await expect.poll(() => shown(desk)).toEqual(["second", "third", "first"]);
    await expect.poll(() => orderOf(studio, id)).toEqual(["second", "third", "first"]);
  });

  test("is left as it was by Escape", async ({ studio, desk }) => {
    const id = await three(studio, "Escaped");
    await desk.goto(`/hooks?scope_type=project&scope_id=${id}`);
    await desk.getByRole("button", { name: "Drag first to another place" }).focus();
    await desk.keyboard.press("Space");
    await expect(desk.getByText(/first[,:] place 1 of 3\./)).toBeAttached();
    await desk.keyboard.press("ArrowDown");
    await expect(desk.getByText("first: place 2 of 3.")).toBeAttached();
    await desk.keyboard.press("Escape");
    await expect(desk.getByText("first was put back.")).toBeAttached();
    await expect.poll(() => shown(desk)).toEqual(["first", "second", "third"]);
    expect(await orderOf(studio, id)).toEqual(["first", "second", "third"]);
  });

  test("is changed by buttons, which keep the focus", async ({ studio, desk }) => {
    const id = await three(studio, "Pressed");
    await desk.goto(`/hooks?scope_type=project&scope_id=${id}`);
    const down = desk.getByRole("button", { name: "Move first down" });
    await down.focus();
    await desk.keyboard.press("Enter");
    await expect.poll(() => shown(desk)).toEqual(["second", "first", "third"]);
    await expect(down).toBeFocused();
    await expect.poll(() => orderOf(studio, id)).toEqual(["second", "first", "third"]);
    await expect(desk.getByRole("button", { name: "Move second up" })).toBeDisabled();
  });
});

test.describe("making a hook", () => {
  test("with a new script from the template; what is wrong is said at its field", async ({
    studio,
    desk,
  }) => {
    await desk.goto("/hooks");
    await desk.getByRole("link", { name: "New hook" }).click();
    await desk.getByRole("radio", { name: /Shell/ }).check();
    await desk.getByRole("button", { name: "New script" }).click();
    const dialog = desk.getByRole("dialog", { name: "New script" });
    await dialog.getByRole("textbox", { name: "Path" }).fill("stories/made.sh");
    await dialog.getByRole("button", { name: "Save script" }).click();
    await expect(desk.getByRole("combobox", { name: "Script" })).toHaveValue("stories/made.sh");

    await desk.getByRole("textbox", { name: "Time", exact: true }).fill("100000");
    await desk.getByRole("button", { name: "Create hook" }).click();
    const name = desk.getByRole("textbox", { name: "Name", exact: true });
    await expect(name).toHaveAccessibleDescription(/must not be empty/);
    await expect(name).toBeFocused();
    await expect(
      desk.getByRole("textbox", { name: "Time", exact: true }),
    ).toHaveAccessibleDescription(/between 1 and 86400/);

    await name.fill("made-here");
    await desk.getByRole("textbox", { name: "Time", exact: true }).fill("20");
    await desk.getByRole("radio", { name: "Block" }).check();
    await desk.getByRole("button", { name: "Create hook" }).click();
    await expect(desk.getByRole("heading", { level: 1, name: "made-here" })).toBeVisible();
    const [hook] = await studio.list<Hook>("/hooks?name=made-here");
    expect(hook).toMatchObject({
      hook_type: "shell",
      hook_point: "post_segment",
      failure_mode: "block",
      config: { script_path: "stories/made.sh", timeout_seconds: 20 },
    });
  });

  test("a webhook, with its secrets by name", async ({ studio, desk }) => {
    await studio.ask("PUT", "/secrets/story_token", { value: "hush" });
    await desk.goto("/hooks/new?event=job_completed");
    await desk.getByRole("radio", { name: /Webhook/ }).check();
    await desk.getByRole("textbox", { name: "Name", exact: true }).fill("tell-others");
    await desk.getByRole("textbox", { name: "URL" }).fill("https://tracker.example.com/x");
    await desk.getByRole("radio", { name: "Bearer token" }).check();
    await desk.getByRole("combobox", { name: "Token" }).fill("story");
    await desk.getByRole("option", { name: "story_token" }).click();
    await desk.getByRole("textbox", { name: "Retries" }).fill("5");
    await expect(desk.getByText("Answers job_completed.")).toBeVisible();
    await expect(desk.getByRole("radio", { name: "Block" })).toBeDisabled();
    await desk.getByRole("button", { name: "Create hook" }).click();
    await expect(desk.getByRole("heading", { level: 1, name: "tell-others" })).toBeVisible();
    const [hook] = await studio.list<Hook>("/hooks?name=tell-others");
    expect(hook).toMatchObject({
      event: "job_completed",
      config: {
        url: "https://tracker.example.com/x",
        auth: { type: "bearer", secret: "story_token" },
        retry: { retries: 5 },
      },
    });
  });

  test("a plugin, with the settings that it asks for", async ({ studio, desk }) => {
    await desk.goto("/hooks/new");
    await desk.getByRole("radio", { name: /Plugin/ }).check();
    await desk.getByRole("textbox", { name: "Name", exact: true }).fill("gate-here");
    await desk.getByRole("combobox", { name: "Plugin" }).fill("loudness");
    await desk.getByRole("option", { name: "loudness-gate" }).click();
    // The form is loaded where it is first needed, and moves what is below it.
    const settings = desk.getByRole("region", { name: "Settings" });
    await expect(settings.getByRole("textbox", { name: "file" })).toBeVisible();
    await expect(desk.getByText("asked for").first()).toBeVisible();
    await desk.getByRole("combobox", { name: "on_violation" }).click();
    await desk.getByRole("option", { name: "needs_review" }).click();
    await desk.getByRole("combobox", { name: "The segment's folder" }).click();
    await desk.getByRole("option", { name: "Read", exact: true }).click();
    await desk.getByRole("button", { name: "Create hook" }).click();
    await expect(desk.getByRole("heading", { level: 1, name: "gate-here" })).toBeVisible();
    const [hook] = await studio.list<Hook>("/hooks?name=gate-here");
    expect(hook?.config).toMatchObject({ grants: { segment: "read" } });
    expect(hook?.config.plugin).toMatch(/^loudness-gate@\^/);
    // It would run at every job of the other stories.
    await studio.ask("DELETE", `/hooks/${hook?.id}`);
  });
});

test.describe("changing a hook", () => {
  test("that somebody else changed: both are shown, and one is chosen", async ({
    studio,
    desk,
  }) => {
    const hook = await shell(studio, { name: "contested", description: "as it was" });
    const theirs = async (description: string) => {
      const now = await studio.ask<Hook>("GET", `/hooks/${hook.id}`);
      await studio.ask("PUT", `/hooks/${hook.id}`, {
        name: now.name,
        version: now.version,
        hook_type: "shell",
        hook_point: "post_segment",
        scope_type: "studio",
        config: now.config,
        description,
      });
    };
    const description = desk.getByRole("textbox", { name: "Description" });

    await desk.goto(`/hooks/${hook.id}/edit`);
    await description.fill("as I want it");
    await theirs("as they want it");
    await save(desk).click();
    const both = desk.getByRole("dialog", { name: /Somebody else changed/ });
    const line = both.getByRole("row", { name: /description/ });
    await expect(line).toContainText("as it was");
    await expect(line).toContainText("as they want it");
    await expect(line).toContainText("as I want it");
    await both.getByRole("button", { name: "Take theirs" }).click();
    await expect(description).toHaveValue("as they want it");

    await description.fill("mine after all");
    await theirs("theirs again");
    await save(desk).click();
    await both.getByRole("button", { name: "Save mine over it" }).click();
    await expect(desk.getByText(/contested is saved/)).toBeVisible();
    const saved = await studio.ask<Hook>("GET", `/hooks/${hook.id}`);
    expect(saved.description).toBe("mine after all");
  });

  test("back to a revision, whose difference is shown", async ({ studio, desk }) => {
    const hook = await shell(studio, { name: "revised", description: "one" });
    await desk.goto(`/hooks/${hook.id}/edit`);
    await desk.getByRole("textbox", { name: "Description" }).fill("two");
    await save(desk).click();
    await expect(desk.getByText("revised is saved, version 2")).toBeVisible();
    await desk.getByRole("tab", { name: "Revisions" }).click();
    const changes = desk.getByRole("table", { name: "What changed in revision 2" });
    await expect(changes.getByRole("row", { name: /description/ })).toContainText("one");
    await expect(changes.getByRole("row", { name: /description/ })).toContainText("two");
    await desk.getByRole("button", { name: "Show the changes of revision 1" }).click();
    await desk.getByRole("button", { name: "Restore revision 1" }).click();
    await desk
      .getByRole("dialog", { name: "Restore revision 1?" })
      .getByRole("button", { name: "Restore" })
      .click();
    await expect(desk.getByRole("row", { name: /^3/ })).toBeVisible();
    expect((await studio.ask<Hook>("GET", `/hooks/${hook.id}`)).description).toBe("one");
  });

  test("is not forgotten by leaving", async ({ studio, desk }) => {
    const hook = await shell(studio, { name: "unsaved" });
    await desk.goto(`/hooks/${hook.id}/edit`);
    await desk.getByRole("textbox", { name: "Description" }).fill("half a sentence");
    await desk.getByRole("tab", { name: "Overview" }).click();
    const question = desk.getByRole("dialog", { name: "Leave without saving?" });
    await question.getByRole("button", { name: "Leave it" }).click();
    await expect(desk.getByRole("textbox", { name: "Description" })).toHaveValue("half a sentence");
    await desk.getByRole("tab", { name: "Overview" }).click();
    await question.getByRole("button", { name: "Leave", exact: true }).click();
    await expect(desk.getByRole("heading", { name: "What it is" })).toBeVisible();
  });

  test("away, after a question", async ({ studio, desk }) => {
    const hook = await shell(studio, { name: "to-delete" });
    await desk.goto(`/hooks/${hook.id}`);
    await desk.getByRole("button", { name: "More" }).click();
    await desk.getByRole("menuitem", { name: "Delete" }).click();
    await desk
      .getByRole("dialog", { name: "Delete to-delete?" })
      .getByRole("button", { name: "Delete" })
      .click();
    await expect(desk.getByText("to-delete is deleted")).toBeVisible();
    await expect(desk).toHaveURL(/\/hooks$/);
    await expect(studio.ask("GET", `/hooks/${hook.id}`)).rejects.toThrow("404");
  });
});
