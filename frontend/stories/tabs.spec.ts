import { expect, test } from "./studio";

/** A browser has six connections to a server over HTTP/1.1. */
const TABS = 8;

test("eight tabs of one browser are open, and each loads and hears a change", async ({
  studio,
  desk,
}) => {
  const context = desk.context();
  const others = await Promise.all(Array.from({ length: TABS - 1 }, () => context.newPage()));
  const tabs = [desk, ...others];
  for (const tab of tabs) {
    await tab.goto("/hooks?search=story-tabs");
    await expect(tab.getByText("No hook fits")).toBeVisible();
  }
  await studio.hook(
    {
      name: "story-tabs",
      hook_type: "shell",
      hook_point: "post_variant",
      config: { script_path: "story-tabs.sh" },
    },
    "#!/bin/sh\nexit 0\n",
  );
  for (const tab of tabs) {
    await expect(tab.getByRole("link", { name: "story-tabs", exact: true })).toBeVisible();
  }
  // The one that was there first goes; the others hear on.
  await desk.close();
  await studio.hook({
    name: "story-tabs-too",
    hook_type: "shell",
    hook_point: "post_variant",
    config: { script_path: "story-tabs.sh" },
  });
  for (const tab of others) {
    await expect(tab.getByRole("link", { name: "story-tabs-too" })).toBeVisible();
  }
});
