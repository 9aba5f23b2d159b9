/** Scripts are read, changed and compared where they are kept. */
import { expect, test } from "./studio";

test("a script is changed, compared with what it said, and brought back", async ({
  studio,
  desk,
}) => {
  await studio.script("stories/story.sh", "#!/bin/sh\necho one\n");
  await studio.hook({
    name: "runs-story",
    hook_type: "shell",
    hook_point: "post_delivery",
    config: { script_path: "stories/story.sh" },
  });
  await desk.goto("/scripts?prefix=stories/story");
  await expect(desk.getByRole("row", { name: /stories\/story\.sh/ })).toContainText("1 hook");
  await desk.getByRole("link", { name: "stories/story.sh" }).click();

  const content = desk.getByRole("textbox", { name: "Content" });
  await content.fill("#!/bin/sh\necho two\n");
  await desk.getByRole("button", { name: "Save", exact: true }).click();
  await expect(desk.getByText("stories/story.sh is saved, version 2")).toBeVisible();
  await expect(content).toContainText("echo two");

  await desk.getByRole("tab", { name: "Versions" }).click();
  const diff = desk.getByRole("group", { name: "From version 1 to version 2" });
  await expect(diff).toContainText("-echo one");
  await expect(diff).toContainText("+echo two");
  await desk.getByRole("button", { name: "Show the changes of version 1" }).click();
  await desk.getByRole("button", { name: "Restore version 1" }).click();
  await expect(desk.getByText(/says again what version 1 said/)).toBeVisible();

  await desk.getByRole("tab", { name: "Used by 1" }).click();
  await expect(desk.getByRole("link", { name: "runs-story" })).toBeVisible();
});

test("a script that somebody else changed is not overwritten unseen", async ({ studio, desk }) => {
  await studio.script("stories/shared.sh", "#!/bin/sh\necho one\n");
  await desk.goto("/scripts/stories/shared.sh");
  const content = desk.getByRole("textbox", { name: "Content" });
  await content.fill("#!/bin/sh\necho mine\n");
  await studio.script("stories/shared.sh", "#!/bin/sh\necho theirs\n");
  await desk.getByRole("button", { name: "Save", exact: true }).click();
  await expect(desk.getByText("Somebody saved version 2 meanwhile")).toBeVisible();
  const theirs = desk.getByRole("group", { name: "From version 1 to version 2" });
  await expect(theirs).toContainText("+echo theirs");
  await desk.getByRole("button", { name: "Save mine over it" }).click();
  await expect(desk.getByText("stories/shared.sh is saved, version 3")).toBeVisible();
});

test("what was saved stays in the editor while it is not known yet what the store has", async ({
  studio,
  desk,
}) => {
  await studio.script("stories/slow.sh", "#!/bin/sh\necho one\n");
  await desk.goto("/scripts/stories/slow.sh");
  const content = desk.getByRole("textbox", { name: "Content" });
  await content.fill("#!/bin/sh\necho two\n");
  let letThrough = () => {};
  const asked = new Promise<void>((resolve) => (letThrough = resolve));
  await desk.route("**/api/v1/scripts/stories/slow.sh", async (route) => {
    if (route.request().method() === "GET") await asked;
    await route.continue();
  });
  await desk.getByRole("button", { name: "Save", exact: true }).click();
  await expect(desk.getByText("stories/slow.sh is saved, version 2")).toBeVisible();
  await expect(content).toContainText("echo two");
  await expect(desk.getByRole("status").filter({ hasText: "Saved, version 2" })).toBeVisible();
  letThrough();
  await desk.unroute("**/api/v1/scripts/stories/slow.sh", undefined);
});
