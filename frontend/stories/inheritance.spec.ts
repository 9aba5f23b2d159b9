/** What comes from above, what replaces it, and what switches it off (UI-2). */
import { expect, type Json, type Studio, test } from "./studio";

type Effective = {
  effective: (Json & { id: number; name: string; source_level: string; runs_first: number[] })[];
  shadowed: (Json & { id: number; name: string; reason: string })[];
};

let made = 0;

/** A project with a scene type, and a hook of the studio that both inherit. */
async function family(studio: Studio) {
  const at = ++made;
  const project = await studio.ask<{ id: number; name: string }>("POST", "/projects", {
    name: `Family ${at}`,
  });
  const scene = await studio.ask<{ id: number; name: string }>("POST", "/scene-types", {
    name: `night ${at}`,
    project_id: project.id,
  });
  const name = `inherited-${at}`;
  const hook = await studio.hook(
    {
      name,
      hook_type: "shell",
      hook_point: "post_segment",
      config: { script_path: "stories/pass.sh", timeout_seconds: 11 },
    },
    "#!/bin/sh\nexit 0\n",
  );
  const path = `/inheritance?project=${project.id}&scene_type=${scene.id}&search=${name}`;
  const effective = async () => {
    const view = await studio.ask<Effective>("GET", `/hooks/effective/scene_type/${scene.id}`);
    return {
      runs: view.effective.filter((item) => item.name === name),
      lost: view.shadowed.filter((item) => item.name === name),
    };
  };
  return { project, scene, name, hook, path, effective };
}

test("project and scene type are chosen, and what overrides is linked from what it overrides", async ({
  desk,
}) => {
  await desk.goto("/inheritance");
  await desk.getByRole("combobox", { name: "Project" }).click();
  await desk.getByRole("option", { name: "Big Buck Bunny" }).click();
  await desk.getByRole("combobox", { name: "Scene type" }).click();
  await desk.getByRole("option", { name: "dailies" }).click();
  await expect(desk).toHaveURL(/project=\d+&scene_type=\d+/);
  const naming = desk.getByRole("row").filter({ has: desk.getByText("naming", { exact: true }) });
  await expect(naming.getByRole("deletion")).toHaveText("naming");
  await expect(naming.getByText("inherited from the project Big Buck Bunny")).toBeVisible();
  await naming.getByRole("link", { name: "the project Big Buck Bunny" }).click();
  await expect(desk.getByText("Names a segment by this project's rule.")).toBeVisible();
});

test("a hook is switched off for one scene type, and on again by undo", async ({
  studio,
  desk,
}) => {
  const { path, name, scene, effective } = await family(studio);
  await desk.goto(path);
  await desk
    .getByRole("button", { name: `Switch off ${name} here, for the scene type ${scene.name}` })
    .click();
  await expect(desk.getByText(`${name} is switched off for the scene type`)).toBeVisible();
  const row = desk.getByRole("row").filter({ hasText: name });
  await expect(row.getByText(`switched off by the scene type ${scene.name}`)).toBeVisible();
  await expect.poll(async () => (await effective()).runs.length).toBe(0);
  expect((await effective()).lost.map(({ reason }) => reason).sort()).toEqual([
    "disabled",
    "switched_off",
  ]);
  await row.getByRole("button", { name: `Why does it not run? ${name}` }).click();
  await expect(
    desk.getByText(`The hook of this name that is set for the scene type ${scene.name} is`, {
      exact: false,
    }),
  ).toBeVisible();
  await desk.keyboard.press("Escape");
  await desk.getByRole("button", { name: "Undo" }).click();
  await expect(row.getByText("inherited from the studio")).toHaveCount(2);
  await expect.poll(async () => (await effective()).runs.length).toBe(1);
});

test("a hook is overridden from its row, calls the one it overrides, and is inherited again", async ({
  studio,
  desk,
}) => {
  const { path, name, project, hook, effective } = await family(studio);
  await desk.goto(path);
  await desk
    .getByRole("link", { name: `Override ${name} here, for the project ${project.name}` })
    .click();
  await expect(desk.getByRole("heading", { level: 1, name: `Override ${name}` })).toBeVisible();
  await expect(desk.getByRole("textbox", { name: "Name", exact: true })).toHaveValue(name);
  await desk.getByRole("textbox", { name: "Time", exact: true }).fill("12");
  await desk.getByRole("button", { name: "Create hook" }).click();
  await expect(desk.getByRole("heading", { level: 1, name, exact: true })).toBeVisible();
  await expect.poll(async () => (await effective()).runs[0]?.source_level).toBe("project");

  await desk.goto(path);
  const row = desk.getByRole("row").filter({ hasText: name });
  await expect(row.getByText("overrides the one of the studio")).toBeVisible();
  const menu = row.getByRole("button", {
    name: `What can be done with ${name} of the project ${project.name}`,
  });
  await menu.click();
  await desk.getByRole("menuitem", { name: "Call the one it overrides" }).click();
  await expect(row.getByText("calls the one of the studio first")).toBeVisible();
  expect((await effective()).runs[0]?.runs_first).toEqual([hook.id]);

  await menu.click();
  await desk.getByRole("menuitem", { name: "Inherit again" }).click();
  await desk.getByRole("dialog").getByRole("button", { name: "Delete and inherit" }).click();
  await expect(row.getByText("inherited from the studio")).toHaveCount(2);
  expect((await effective()).runs[0]?.source_level).toBe("studio");
});

test("why a hook runs is said in sentences", async ({ studio, desk }) => {
  const { path, name, scene } = await family(studio);
  await desk.goto(path);
  await desk.getByRole("button", { name: `Why does this run? ${name}` }).click();
  await expect(desk.getByText(new RegExp(`${name} runs .* after a segment`))).toContainText(
    `for the scene type ${scene.name}`,
  );
  await expect(
    desk.getByText("It is set for the whole studio, and nothing narrower says otherwise"),
  ).toBeVisible();
});
