/** Hooks, what is done with them, and what comes from above. */
import type { Page } from "@playwright/test";
import type { Numbered, Screen } from "../pages";
import type { Json, Studio } from "../studio";

/** Saves a hook as somebody else would, with another description each time. */
async function saveAsAnother(studio: Studio, id: number) {
  const hook = await studio.ask<Json>("GET", `/hooks/${id}`);
  const kept = ["name", "version", "hook_type", "hook_point", "scope_type", "config"];
  await studio.ask("PUT", `/hooks/${id}`, {
    ...Object.fromEntries(kept.map((field) => [field, hook[field]])),
    failure_mode: "warn",
    sort_order: 20,
    description: `Compares the burnt-in slate with the shot list, since ${String(hook.version)}.`,
  });
}

const describe = (page: Page, text: string) =>
  page.getByRole("textbox", { name: "Description" }).fill(text);

export async function hookScreens(studio: Studio): Promise<Screen[]> {
  const hooks = await studio.list<Numbered>("/hooks?limit=200");
  const named = (name: string) => hooks.find((hook) => hook.name === name)?.id ?? 0;
  const [project] = await studio.list<Numbered>("/projects");
  const scenes = await studio.list<Numbered>("/scene-types");
  const review = scenes.find(({ name }) => name === "review");
  const inheritance = `/inheritance?project=${project?.id}&scene_type=${review?.id}`;
  const slate = named("slate-check");
  await saveAsAnother(studio, slate);
  return [
    { name: "hooks", path: "/hooks" },
    { name: "hooks-none", path: "/hooks?search=there-is-none" },
    { name: "hook", path: `/hooks/${named("checksums")}` },
    { name: "hook-edit", path: `/hooks/${named("watermark")}/edit` },
    { name: "hook-new", path: "/hooks/new" },
    { name: "hook-new-webhook", path: "/hooks/new?template=tell-tracker" },
    { name: "hook-new-plugin", path: "/hooks/new?plugin=loudness-gate" },
    {
      name: "hook-new-refused",
      path: "/hooks/new",
      then: async (page) => {
        await page.getByRole("button", { name: "Create hook" }).click();
        await page
          .getByText(/must not be empty/)
          .first()
          .waitFor();
      },
    },
    { name: "hook-new-viewer", path: "/hooks/new", who: "viewer" },
    { name: "hook-viewer", path: `/hooks/${slate}`, who: "viewer" },
    { name: "hook-test", path: `/hooks/${named("loudness")}/test` },
    {
      name: "hook-test-run",
      path: `/hooks/${slate}/test`,
      then: async (page) => {
        await page.getByRole("textbox", { name: "Test input" }).waitFor();
        await page.keyboard.press("Control+Enter");
        await page.getByRole("group", { name: "Outcome" }).waitFor();
      },
    },
    {
      name: "hook-test-case",
      path: `/hooks/${slate}/test`,
      then: async (page) => {
        await page.getByRole("button", { name: "Save as test case" }).click();
        await page.getByRole("dialog", { name: "Save as a test case" }).waitFor();
      },
    },
    { name: "hook-executions", path: `/hooks/${named("naming")}/executions` },
    { name: "hook-revisions", path: `/hooks/${named("naming")}/revisions` },
    {
      name: "hook-restore",
      path: `/hooks/${slate}/revisions`,
      then: async (page) => {
        await page.getByRole("button", { name: "Show the changes of revision 1" }).click();
        await page.getByRole("button", { name: "Restore revision 1" }).click();
        await page.getByRole("dialog", { name: "Restore revision 1?" }).waitFor();
      },
    },
    {
      name: "hook-conflict",
      path: `/hooks/${slate}/edit`,
      then: async (page) => {
        await describe(page, "Compares the slate with the shot list, frame by frame.");
        await saveAsAnother(studio, slate);
        await page.getByRole("button", { name: "Save", exact: true }).click();
        const dialog = page.getByRole("dialog", { name: /Somebody else changed/ });
        await dialog.getByRole("button", { name: "Take theirs" }).waitFor();
      },
    },
    {
      name: "hook-leave",
      path: `/hooks/${slate}/edit`,
      then: async (page) => {
        await describe(page, "Half a sentence");
        await page.getByRole("tab", { name: "Overview" }).click();
        await page.getByRole("dialog", { name: "Leave without saving?" }).waitFor();
      },
    },
    {
      name: "hook-delete",
      path: `/hooks/${slate}`,
      then: async (page) => {
        await page.getByRole("button", { name: "More" }).click();
        await page.getByRole("menuitem", { name: "Delete" }).click();
        await page.getByRole("dialog", { name: "Delete slate-check?" }).waitFor();
      },
    },
    { name: "hook-gone", path: "/hooks/999999" },
    { name: "inheritance", path: inheritance },
    {
      name: "inheritance-why",
      path: inheritance,
      then: async (page) => {
        await page
          .getByRole("button", { name: /^Why does this run\? naming/ })
          .first()
          .click();
        await page.getByRole("dialog").waitFor();
      },
    },
    {
      name: "inheritance-menu",
      path: inheritance,
      then: async (page) => {
        await page
          .getByRole("button", { name: /^What can be done with naming of the project/ })
          .first()
          .click();
        await page.getByRole("menu").waitFor();
      },
    },
  ];
}
