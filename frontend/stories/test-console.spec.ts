/** Trying hooks before the pipeline does. */
import { expect, type Json, test } from "./studio";

const SLATE = `#!/bin/sh
printf 'frame 0012 \\033[32mok\\033[0m\\n'
sleep 2
printf '\\033[31mtake is 3, the shot list says 4\\033[0m\\n' >&2
. stagehook.sh
stagehook_annotate warning drift "the slate drifts by 2 px" seg_003.mp4 0 900
stagehook_metric delta_e 1.7
stagehook_metadata_json slate '{"take": 3}'
stagehook_fail "the slate is wrong"
`;

const ECHO = `#!/bin/sh
. stagehook.sh
case "$STAGEHOOK_SEGMENT_PATH" in
  *peak*) stagehook_fail "too loud" ;;
esac
stagehook_pass "fine"
`;

const shell = (name: string, config: Json = {}): Json => ({
  name,
  hook_type: "shell",
  hook_point: "post_variant",
  failure_mode: "warn",
  config: { script_path: `${name}.sh`, ...config },
});

test("a shell hook is watched while it runs, and its record is read", async ({ studio, desk }) => {
  const hook = await studio.hook(shell("story-slate"), SLATE);
  await desk.goto(`/hooks/${hook.id}/test`);
  const input = desk.getByRole("textbox", { name: "Test input" });
  await expect(input).toContainText('"variant"');

  await desk.keyboard.press("Control+Enter");
  await expect(desk.getByText("Running", { exact: true })).toBeVisible();
  await expect(desk.getByRole("region", { name: /Live output/ }).last()).toContainText(
    "frame 0012 ok",
  );
  await expect(desk.getByRole("button", { name: "Run", exact: false }).first()).toBeDisabled();

  const outcome = desk.getByRole("group", { name: "Outcome" });
  await expect(outcome).toContainText("the slate is wrong");
  await expect(outcome).toContainText("the pipeline would go on with a warning");
  await expect(desk.getByRole("region", { name: "stderr, 1 lines" })).toContainText(
    "take is 3, the shot list says 4",
  );

  await desk.getByRole("tab", { name: /Result/ }).click();
  await expect(desk.getByRole("list", { name: "Annotations" })).toContainText(
    "the slate drifts by 2 px",
  );
  await expect(desk.getByRole("table", { name: "Metrics" })).toContainText("1.7");
  await desk.getByRole("tab", { name: "Metadata" }).click();
  await expect(desk.getByText("This was not applied", { exact: false })).toBeVisible();
  await expect(desk.getByRole("table", { name: "Changes of the metadata" })).toContainText("take");
  await desk.getByRole("tab", { name: "Usage" }).click();
  await expect(desk.getByRole("progressbar", { name: /^Time: .* of 30\.0 s/ })).toBeVisible();
  await expect(desk.getByRole("progressbar", { name: /^Memory at its peak/ })).toBeVisible();
});

test("a plugin is tried with what it was told last", async ({ studio, desk }) => {
  const [hook] = await studio.list<Json & { id: number }>("/hooks?name=loudness");
  await desk.goto(`/hooks/${hook?.id}/test`);
  await desk.getByRole("button", { name: "Last real input" }).click();
  await expect(desk.getByText(/^The input of execution \d+/)).toBeVisible();
  await expect(desk.getByRole("textbox", { name: "Test input" })).toContainText('"job_id"');
  await desk.getByRole("button", { name: "Run Ctrl" }).click();
  await expect(desk.getByRole("group", { name: "Outcome" })).toContainText("dBTP");
  await desk.getByRole("tab", { name: "Usage" }).click();
  await expect(
    desk.getByRole("progressbar", { name: /^Fuel: [\d,]+ of 10,000,000,000/ }),
  ).toBeVisible();
});

test("a run is cancelled", async ({ studio, desk }) => {
  const hook = await studio.hook(shell("story-nap"), "#!/bin/sh\necho sleeping\nexec sleep 300\n");
  await desk.goto(`/hooks/${hook.id}/test`);
  await desk.getByRole("button", { name: "Run Ctrl" }).click();
  await expect(desk.getByRole("region", { name: /Live output/ }).last()).toContainText("sleeping");
  await desk.getByRole("button", { name: "Cancel" }).click();
  await expect(desk.getByRole("group", { name: "Outcome" })).toContainText("Cancelled after");
});

test("test cases are saved, run together, loaded and deleted", async ({ studio, desk }) => {
  const hook = await studio.hook(shell("story-cases"), ECHO);
  await desk.goto(`/hooks/${hook.id}/test`);
  const input = desk.getByRole("textbox", { name: "Test input" });
  const save = async (name: string, path: string, expected: string) => {
    await input.fill(JSON.stringify({ segment_path: path }));
    await desk.getByRole("button", { name: "Save as test case" }).click();
    const dialog = desk.getByRole("dialog", { name: "Save as a test case" });
    await dialog.getByRole("textbox", { name: "Name" }).fill(name);
    await dialog.getByRole("combobox", { name: "Expected" }).click();
    await desk.getByRole("option", { name: expected, exact: true }).click();
    await dialog.getByRole("button", { name: "Save" }).click();
    await expect(dialog).toBeHidden();
  };
  await save("a quiet one", "/media/quiet.mp4", "passed");
  await save("a loud one", "/media/peak.mp4", "failed");
  await save("wrongly expected", "/media/peak.mp4", "passed");

  await desk.getByRole("button", { name: "Run all" }).click();
  await expect(desk.getByText("2 of 3 ended as expected")).toBeVisible();
  const cases = desk.getByRole("table", { name: "Test cases" });
  await expect(cases.getByRole("row", { name: /a loud one/ })).toContainText("as expected");
  await expect(cases.getByRole("row", { name: /wrongly/ })).toContainText("failed");

  await cases.getByRole("button", { name: "Load a quiet one" }).click();
  await expect(input).toContainText("quiet.mp4");
  // A name is taken once.
  await desk.getByRole("button", { name: "Save as test case" }).click();
  const dialog = desk.getByRole("dialog", { name: "Save as a test case" });
  await dialog.getByRole("textbox", { name: "Name" }).fill("a loud one");
  await dialog.getByRole("button", { name: "Save" }).click();
  await expect(dialog.getByRole("textbox", { name: "Name" })).toHaveAccessibleDescription(/./);
  await expect(dialog).toBeVisible();
  await dialog.getByRole("button", { name: "Cancel" }).click();

  await cases.getByRole("button", { name: "Delete wrongly expected" }).click();
  await desk.getByRole("button", { name: "Delete it" }).click();
  await expect(cases.getByRole("row", { name: /wrongly/ })).toBeHidden();
});

test("an input that is none is told at the editor, and not sent", async ({ studio, desk }) => {
  const hook = await studio.hook(shell("story-input"), ECHO);
  await desk.goto(`/hooks/${hook.id}/test`);
  const input = desk.getByRole("textbox", { name: "Test input" });
  const run = desk.getByRole("button", { name: "Run Ctrl" });
  await input.fill("[1, 2]");
  await expect(desk.getByText("must be a JSON object")).toBeVisible();
  await expect(run).toBeDisabled();
  await input.fill('{"metadata": 7}');
  await run.click();
  await expect(desk.getByRole("alert")).toBeVisible();
  await input.fill('{"segment_path": "/media/a.mp4"}');
  await run.click();
  await expect(desk.getByRole("group", { name: "Outcome" })).toContainText("fine");
});

test("an execution is run again with the same input", async ({ studio, desk }) => {
  const hook = await studio.hook(shell("story-again"), ECHO);
  const log = await studio.ask<{ id: number }>("POST", `/hooks/${hook.id}/test`, {
    input: { segment_path: "/media/once_more.mp4", metadata: { take: 4 } },
  });
  await desk.goto(`/executions/${log.id}`);
  await desk.getByRole("link", { name: "Run again in the test console" }).click();
  await expect(desk.getByText(`The input of execution ${log.id}`)).toBeVisible();
  await expect(desk.getByRole("textbox", { name: "Test input" })).toContainText("once_more.mp4");
  await desk.keyboard.press("Control+Enter");
  await expect(desk.getByRole("group", { name: "Outcome" })).toContainText("fine");
});
