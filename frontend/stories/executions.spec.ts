/** What ran, and what it said. */
import { readFile } from "node:fs/promises";
import { expect, type Json, type Studio, test } from "./studio";

const NOISE = `#!/bin/sh
i=1
while [ $i -le 20000 ]; do
  printf 'frame %05d \\033[3%dmcolour\\033[0m is as it was, and this makes the line longer\\n' $i $((i % 8))
  i=$((i + 1))
done
head -c 20000 /dev/urandom
printf '\\na\\001b\\033[2Kc\\n'
echo '<img src=x onerror="document.title=1"><b>bold</b>'
printf 'x%.0s' $(seq 1 6000); echo
echo 'a needle at the end'
exit 3
`;

const BRIEF = "#!/bin/sh\necho here\n";

async function hookOf(
  studio: Studio,
  name: string,
  script: string,
  config: Json = {},
  about: Json = {},
) {
  return studio.hook(
    {
      name,
      hook_type: "shell",
      hook_point: "pre_concatenation",
      enabled: false,
      failure_mode: "warn",
      config: { script_path: `${name}.sh`, ...config },
      ...about,
    },
    script,
  );
}

const tried = (studio: Studio, hook: { id: number }) =>
  studio.ask<{ id: number }>("POST", `/hooks/${hook.id}/test`, {});

test("failures are found by filters, and opened by keys", async ({ studio, desk }) => {
  const hook = await hookOf(studio, "story-fails", "#!/bin/sh\necho lost a frame >&2\nexit 3\n");
  await tried(studio, hook);
  await desk.goto("/executions");
  const list = desk.getByRole("table", { name: "Executions" });
  await expect(list.getByRole("row", { name: /passed/ }).first()).toBeVisible();
  await desk.getByText("Failures", { exact: true }).click();
  await expect(desk).toHaveURL(/success=false/);
  await expect(list.getByRole("row", { name: /passed/ })).toHaveCount(0);
  await expect(list.getByRole("row", { name: /story-fails/ }).first()).toContainText(
    "exited with status 3",
  );

  await desk.getByRole("textbox", { name: "Text in the output or the error" }).fill("lost a frame");
  await expect(desk).toHaveURL(/contains=lost\+a\+frame/);
  await expect(list.getByRole("row")).toHaveCount(2);
  await desk.keyboard.press("Escape");
  await desk.getByRole("heading", { name: "Executions" }).click();
  await desk.keyboard.press("j");
  await desk.keyboard.press("Enter");
  await expect(desk.getByRole("group", { name: "Outcome" })).toContainText("exited with status 3");
  await expect(desk.getByRole("region", { name: "stderr, 1 lines" })).toContainText("lost a frame");
});

test("what an address says is what is shown", async ({ desk }) => {
  await desk.goto("/executions?hook_type=wasm&hook_point=post_segment&is_test=false&success=true");
  const list = desk.getByRole("table", { name: "Executions" });
  await expect(list.getByRole("row").nth(1)).toContainText("post_segment");
  await expect(list.getByRole("row", { name: /checksums|tracker|naming/ })).toHaveCount(0);
  await expect(list.getByRole("row").nth(1)).toContainText(/job \d+ bbb_sh010/);
  await desk.getByRole("button", { name: "Clear" }).click();
  await expect(desk).toHaveURL(/\/executions$/);
});

test("new executions wait to be let in, or come in by themselves", async ({ studio, desk }) => {
  // In a project of its own, where the pipeline runs it.
  const project = await studio.ask<{ id: number }>("POST", "/projects", { name: "story-new" });
  const scope = {
    scope_type: "project",
    scope_id: project.id,
    enabled: true,
    // None of the example's hooks blocks there.
    hook_point: "post_delivery",
  };
  const hook = await hookOf(studio, "story-new", BRIEF, {}, scope);
  const job = await studio.ask<{ id: number }>("POST", "/jobs", { project_id: project.id });
  const runStage = () =>
    studio.ask("POST", `/jobs/${job.id}/stages/post_delivery/runs`, { metadata: {} });
  await runStage();
  await desk.goto(`/executions?hook_id=${hook.id}`);
  const list = desk.getByRole("table", { name: "Executions" });
  await expect(list.getByRole("row")).toHaveCount(2);
  await runStage();
  const fresh = desk.getByRole("button", { name: "1 new" });
  await expect(fresh).toBeVisible();
  await expect(list.getByRole("row")).toHaveCount(2);
  await fresh.click();
  await expect(list.getByRole("row")).toHaveCount(3);
  await desk.getByRole("switch", { name: "Live" }).press("Space");
  await runStage();
  await expect(list.getByRole("row")).toHaveCount(4);
});

test("a log of more than a MiB is searched, and a line of it has an address", async ({
  studio,
  desk,
}) => {
  const hook = await hookOf(studio, "story-noise", NOISE, { limits: { output_kib: 4096 } });
  const log = await tried(studio, hook);
  await desk.goto(`/executions/${log.id}#stdout-L12345`);
  const lines = desk.getByRole("region", { name: /^stdout, / });
  await expect(lines.getByText("frame 12345")).toBeVisible();
  // Far fewer are drawn than there are.
  expect(await lines.getByText(/^frame /).count()).toBeLessThan(200);

  const search = desk.getByRole("textbox", { name: "Search in stdout" });
  await search.fill("frame 0000");
  await expect(desk.getByText("1 of 9")).toBeVisible();
  await search.press("Enter");
  await expect(desk.getByText("2 of 9")).toBeVisible();
  await expect(lines.getByText("frame 00002")).toBeVisible();
  await search.fill("needle");
  await expect(desk.getByText("1 of 1")).toBeVisible();
  await expect(lines).toContainText("a needle at the end");
  // Markup is text, control characters are seen, a long line is cut.
  await expect(lines).toContainText('<img src=x onerror="document.title=1"><b>bold</b>');
  await expect(lines).toContainText("a‹SOH›b‹ESC›[2Kc");
  await expect(lines.getByRole("button", { name: "Show all 6,000 characters" })).toBeVisible();
  await expect(desk).toHaveTitle(/story-noise/);

  await desk.getByRole("button", { name: "Link to the hit's line" }).first().click();
  await expect(desk).toHaveURL(/#stdout-L\d+$/);
  const address = desk.url();
  await desk.reload();
  expect(desk.url()).toBe(address);
  await expect(lines).toContainText("a needle at the end");
});

test("what the server dropped is told in place", async ({ studio, desk }) => {
  const hook = await hookOf(studio, "story-dropped", NOISE, { limits: { output_kib: 8 } });
  const log = await tried(studio, hook);
  await desk.goto(`/executions/${log.id}`);
  await desk.getByRole("textbox", { name: "Search in stdout" }).fill("bytes dropped");
  await expect(desk.getByText(/[\d,]+ bytes were dropped here/)).toBeVisible();
  await expect(desk.getByText(/of the middle were dropped/)).toBeVisible();
});

test("one goes from run to run of a hook", async ({ studio, desk }) => {
  const hook = await hookOf(studio, "story-row", BRIEF);
  const [first, second] = [await tried(studio, hook), await tried(studio, hook)];
  await desk.goto(`/executions/${first.id}`);
  await expect(desk.getByRole("button", { name: "Previous", exact: true })).toBeDisabled();
  await desk.getByRole("button", { name: "Next", exact: true }).click();
  await expect(desk).toHaveURL(new RegExp(`/executions/${second.id}$`));
  await desk.getByRole("button", { name: "Previous", exact: true }).click();
  await expect(desk).toHaveURL(new RegExp(`/executions/${first.id}$`));
});

test("why a hook ran, and with what", async ({ studio, desk }) => {
  const [log] = await studio.list<Json & { id: number }>(
    "/hook-logs?hook_type=python&is_test=false&hook_point=post_segment",
  );
  await desk.goto(`/executions/${log?.id}`);
  const why = desk.getByRole("region", { name: "Why it ran" });
  await expect(why).toContainText("studio");
  await expect(why.getByRole("link", { name: "stage run" })).toBeVisible();
  await expect(why.getByRole("link", { name: /^job \d+/ })).toBeVisible();
  await expect(desk.getByRole("region", { name: "With what" })).toContainText(
    "confined by bubblewrap",
  );
  await desk.getByRole("tab", { name: "Input" }).click();
  await desk.getByRole("textbox", { name: "Search in Input" }).fill("segment_path");
  await expect(desk.getByText("1 of 1")).toBeVisible();
});

test("executions are exported as they are filtered", async ({ studio, desk }) => {
  const hook = await hookOf(studio, "story-export", BRIEF);
  await tried(studio, hook);
  await tried(studio, hook);
  await desk.goto(`/executions?hook_id=${hook.id}`);
  await desk.getByRole("button", { name: "Export" }).click();
  const downloading = desk.waitForEvent("download");
  await desk.getByRole("menuitem", { name: /NDJSON/ }).click();
  const file = await (await downloading).path();
  const lines = (await readFile(file, "utf8")).trim().split("\n");
  expect(lines.map((line) => (JSON.parse(line) as Json).stdout)).toEqual(["here\n", "here\n"]);
});

test("a hook and a job have their own", async ({ studio, desk }) => {
  const [naming] = await studio.list<Json & { id: number }>(
    "/hooks?name=naming&scope_type=project",
  );
  await desk.goto(`/hooks/${naming?.id}/executions`);
  const list = desk.getByRole("table", { name: "Executions" });
  await expect(list.getByRole("row").nth(1)).toContainText("pre_segment");
  const [job] = await studio.list<Json & { id: number }>("/jobs?status=completed");
  await desk.goto(`/jobs/${job?.id}?tab=executions`);
  await expect(list.getByRole("row", { name: /segment-order/ })).toBeVisible();
  await desk.getByText("Failures", { exact: true }).click();
  await expect(desk).toHaveURL(/tab=executions.*success=false|success=false.*tab=executions/);
});
