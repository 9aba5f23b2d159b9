import { settled } from "./pages";
import { expect, test } from "./studio";

const MARKUP = '<img src=x onerror="window.injected=1"><script>window.injected=1</script>';

test("names and output with markup in them stay text on every page", async ({ studio, desk }) => {
  const project = await studio.ask<{ id: number }>("POST", "/projects", { name: MARKUP });
  const hook = await studio.hook(
    {
      name: "markup",
      description: MARKUP,
      hook_type: "shell",
      hook_point: "post_variant",
      scope_type: "project",
      scope_id: project.id,
      config: { script_path: "markup.sh" },
    },
    `#!/bin/sh\necho '${MARKUP}'\necho '${MARKUP}' >&2\nexit 1\n`,
  );
  const job = await studio.ask<{ id: number }>("POST", "/jobs", {
    project_id: project.id,
    external_ref: MARKUP,
  });
  const run = await studio.ask<{
    id: string;
    executions: { log_id: number; hook: { id: number } }[];
  }>("POST", `/jobs/${job.id}/stages/post_variant/runs`, { metadata: { note: MARKUP } });
  const log = run.executions.find((execution) => execution.hook.id === hook.id)?.log_id;
  await studio.ask("POST", "/event-types", { name: "note_left", kind: "business" });
  const event = await studio.ask<{ id: string }>("POST", "/events", {
    event_name: "note_left",
    data: { note: MARKUP },
  });
  const pages = [
    "/",
    "/hooks",
    `/hooks/${hook.id}`,
    `/hooks/${hook.id}/edit`,
    `/hooks/${hook.id}/test`,
    `/inheritance?project=${project.id}`,
    "/executions",
    `/executions/${log}`,
    "/jobs",
    `/jobs/${job.id}`,
    `/stage-runs/${run.id}`,
    `/events/${event.id}`,
    "/settings/projects",
    "/settings/audit",
  ];
  for (const path of pages) {
    await desk.goto(path);
    await settled(desk);
    expect(await desk.evaluate(() => (window as { injected?: number }).injected)).toBeUndefined();
    expect(await desk.locator('img[src="x"]').count()).toBe(0);
  }
  await desk.goto(`/executions/${log}`);
  await expect(desk.getByRole("region", { name: "stderr", exact: true })).toContainText(MARKUP);
});
