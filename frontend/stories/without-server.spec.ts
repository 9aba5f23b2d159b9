/** What is done while the server is away (UI-5). */
import type { Page } from "@playwright/test";
import { expect, type Json, type Studio, test } from "./studio";

const bannerOf = (desk: Page) =>
  desk.getByRole("alert").filter({ hasText: "What you see is from before" });

function hookOf(studio: Studio, name: string): Promise<Json & { id: number }> {
  return studio.hook(
    {
      name,
      hook_type: "shell",
      hook_point: "post_delivery",
      config: { script_path: "stories/without-server.sh" },
    },
    "#!/bin/sh\nexit 0\n",
  );
}

test("that it is gone is seen by who only watches", async ({ studio, desk }) => {
  await desk.goto("/events?view=live");
  const state = desk.getByRole("status").filter({ hasText: /Listening|does not answer/ });
  await expect(state).toContainText("Listening");
  await studio.server.down();
  await expect(state).toContainText("The server does not answer");
  await expect(bannerOf(desk)).toBeVisible();
  await studio.server.again();
  await expect(state).toContainText("Listening");
  await expect(bannerOf(desk)).toBeHidden();
});

test("a form says that it was not saved, and is saved when the server is back", async ({
  studio,
  desk,
}) => {
  const hook = await hookOf(studio, "saved-later");
  await desk.goto(`/hooks/${hook.id}/edit`);
  const description = desk.getByRole("textbox", { name: "Description" });
  await description.fill("typed while nobody listened");
  const save = desk.getByRole("button", { name: "Save", exact: true });
  await studio.server.down();
  await save.click();
  await expect(desk.getByText("Try again when it is back.")).toBeVisible();
  await studio.server.again();
  await expect(bannerOf(desk)).toBeHidden();
  await expect(description).toHaveValue("typed while nobody listened");
  await save.click();
  await expect(desk.getByText("saved-later is saved, version 2")).toBeVisible();
  await studio.ask("DELETE", `/hooks/${hook.id}`);
});

test("an order that was not saved is what it was before, and is told", async ({ studio, desk }) => {
  const { id } = await studio.ask<{ id: number }>("POST", "/projects", { name: "Without server" });
  for (const [sort_order, name] of ["first", "second"].entries()) {
    await studio.hook(
      {
        name,
        sort_order,
        hook_type: "shell",
        hook_point: "post_delivery",
        scope_type: "project",
        scope_id: id,
        config: { script_path: "stories/without-server.sh" },
      },
      "#!/bin/sh\nexit 0\n",
    );
  }
  await desk.goto(`/hooks?scope_type=project&scope_id=${id}`);
  const shown = () =>
    desk
      .getByRole("table", { name: "Hooks" })
      .getByRole("link", { name: /^(first|second)$/ })
      .allTextContents();
  await expect.poll(shown).toEqual(["first", "second"]);
  await studio.server.down();
  await desk.getByRole("button", { name: "Move first down" }).click();
  await expect(desk.getByText("The order was not changed")).toBeVisible();
  await expect.poll(shown).toEqual(["first", "second"]);
  await studio.server.again();
  await expect(bannerOf(desk)).toBeHidden();
});
