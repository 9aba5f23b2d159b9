/** Tokens and roles, secrets, projects, the audit trail. */
import { expect, type Json, test } from "./studio";

test.describe("settings", () => {
  test("a token is shown once, lets in with its role, and is revoked while it is in use", async ({
    studio,
    desk,
    browser,
  }) => {
    await desk.goto("/settings/tokens");
    await desk.getByRole("button", { name: "Create a token" }).click();
    const dialog = desk.getByRole("dialog", { name: "Create a token" });
    await dialog.getByRole("textbox", { name: "Name" }).fill("night shift");
    await dialog.getByRole("radio", { name: "viewer" }).check();
    await dialog.getByRole("button", { name: "Create", exact: true }).click();
    const shown = desk.getByRole("dialog", { name: "night shift is created" });
    const token = await shown.getByRole("textbox", { name: "Token" }).inputValue();
    await shown.getByRole("button", { name: "Done" }).click();
    await expect(shown).toHaveCount(0);
    expect(await desk.content()).not.toContain(token);

    const guest = await browser.newPage({ baseURL: studio.server.url });
    await studio.signIn(guest, token);
    await guest.goto("/settings/tokens");
    await expect(guest.getByRole("heading", { name: "Tokens are for admins" })).toBeVisible();
    await guest.goto("/events");
    await expect(guest.getByRole("table", { name: "Events" })).toBeVisible();
    await expect(guest.getByRole("button", { name: "Publish an event" })).toHaveCount(0);

    await desk.getByRole("button", { name: "Revoke night shift" }).click();
    await desk.getByRole("button", { name: "Revoke it" }).click();
    await expect(desk.getByRole("button", { name: "Revoke night shift" })).toHaveCount(0);
    // The stream of events ends with the token, and the page by itself.
    await expect(guest.getByRole("heading", { name: "Sign in" })).toBeVisible();
    await guest.close();
  });

  test("a secret is set, replaced with some overlap, and deleted", async ({ desk }) => {
    await desk.goto("/settings/secrets");
    await desk
      .getByRole("button", { name: /Set (a secret|the first one)/ })
      .first()
      .click();
    const dialog = desk.getByRole("dialog", { name: "Set a secret" });
    await dialog.getByRole("textbox", { name: "Name" }).fill("board_key");
    await dialog.getByLabel("Value").fill("not-a-real-one");
    await dialog.getByRole("button", { name: "Store it" }).click();
    const row = desk.getByRole("row").filter({ hasText: "board_key" });
    await expect(row).toContainText("no hook");
    await row.getByRole("button", { name: "Replace board_key" }).click();
    const replace = desk.getByRole("dialog", { name: "Replace board_key" });
    await replace.getByLabel("Value").fill("another-one");
    await replace.getByRole("button", { name: "Replace", exact: true }).click();
    await expect(row).toContainText("the value before signs until");
    expect(await desk.content()).not.toContain("another-one");
    await row.getByRole("button", { name: "Delete board_key" }).click();
    await desk.getByRole("button", { name: "Delete it" }).click();
    await expect(row).toHaveCount(0);
  });

  test("projects and scene types are made and deleted; the trail says by whom", async ({
    desk,
  }) => {
    await desk.goto("/settings/projects");
    await desk.getByRole("button", { name: "Create a project" }).click();
    const dialog = desk.getByRole("dialog", { name: "New project" });
    await dialog.getByRole("textbox", { name: "Name" }).fill("Dusk <b>Patrol</b>");
    await dialog.getByRole("button", { name: "Create", exact: true }).click();
    await expect(desk.getByRole("heading", { name: "Dusk <b>Patrol</b>" })).toBeVisible();
    await desk.getByRole("button", { name: "Add a scene type to Dusk <b>Patrol</b>" }).click();
    const scene = desk.getByRole("dialog", { name: /New scene type/ });
    await scene.getByRole("textbox", { name: "Name" }).fill("night exterior");
    await scene.getByRole("button", { name: "Create", exact: true }).click();
    await desk.getByRole("button", { name: "Delete night exterior" }).click();
    await desk.getByRole("button", { name: "Delete the scene type" }).click();
    await expect(desk.getByRole("button", { name: "Delete night exterior" })).toHaveCount(0);
    await desk.getByRole("button", { name: "Delete Dusk <b>Patrol</b>" }).click();
    await desk.getByRole("button", { name: "Delete the project" }).click();
    await expect(desk.getByRole("heading", { name: "Dusk <b>Patrol</b>" })).toHaveCount(0);

    await desk.goto("/settings/audit?subject_type=project");
    const change = desk.getByRole("row").filter({ hasText: "Project Dusk <b>Patrol</b>" });
    await expect(change.first()).toContainText("was deleted");
    await desk.keyboard.press("j");
    await desk.keyboard.press("Enter");
    const drawer = desk.getByRole("dialog", { name: /Dusk/ });
    await expect(drawer.getByRole("table", { name: "What changed" })).toContainText("deleted_at");
  });

  test("about says the version and how scripts are confined", async ({ studio, desk }) => {
    const health = (await (await fetch(`${studio.server.url}/healthz`)).json()) as Json;
    await desk.goto("/settings/about");
    await expect(desk.getByText(`Stagehook ${String(health.version)}`)).toBeVisible();
    await expect(desk.getByText("answers", { exact: true })).toBeVisible();
  });
});
