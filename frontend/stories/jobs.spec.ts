/** Jobs, their stages, and the decisions they wait for. */
import { expect, type Json, type Studio, test } from "./studio";

const LOUD = `#!/bin/sh
. stagehook.sh
echo "peak at 00:01.2" >&2
stagehook_fail "the peak is above the limit"
`;
const SLOW = "#!/bin/sh\necho rendering\nexec sleep 300\n";

let made = 0;

/** A job in a project of its own, whose hooks disturb nobody. */
async function jobWith(studio: Studio, script: string, hook_point = "post_segment") {
  const name = `story-${process.pid}-${++made}`;
  const project = await studio.ask<{ id: number }>("POST", "/projects", { name });
  await studio.hook(
    {
      name: "gate",
      hook_type: "shell",
      hook_point,
      scope_type: "project",
      scope_id: project.id,
      sort_order: 1,
      failure_mode: "block",
      config: { script_path: `${name}.sh`, timeout_seconds: 400 },
    },
    script,
  );
  await studio.hook(
    {
      name: "after",
      hook_type: "shell",
      hook_point,
      scope_type: "project",
      scope_id: project.id,
      sort_order: 2,
      failure_mode: "warn",
      config: { script_path: `${name}-after.sh` },
    },
    "#!/bin/sh\nexit 0\n",
  );
  const job = await studio.ask<{ id: number }>("POST", "/jobs", {
    project_id: project.id,
    external_ref: name,
  });
  return { ...job, name };
}

const runStage = (studio: Studio, job: number, prefer = "") =>
  fetch(`${studio.server.url}/api/v1/jobs/${job}/stages/post_segment/runs`, {
    method: "POST",
    headers: {
      Authorization: `Bearer ${studio.server.token}`,
      "Content-Type": "application/json",
      ...(prefer ? { Prefer: prefer } : {}),
    },
    body: JSON.stringify({ metadata: { segment: { number: 1 } } }),
  }).then(async (answer) => (await answer.json()) as Json & { id: string });

test("a halted job is resumed with a note", async ({ studio, desk }) => {
  const job = await jobWith(studio, LOUD);
  await runStage(studio, job.id);
  await desk.goto("/jobs?needs_review=true");
  const row = desk.getByRole("row", { name: new RegExp(job.name) });
  await expect(row).toContainText("needs review");
  await expect(row).toContainText("the peak is above the limit");
  await row.getByRole("link", { name: job.name }).click();

  const review = desk.getByRole("region", { name: "This job waits for your decision" });
  await expect(review).toContainText("the peak is above the limit");
  await expect(review).toContainText("peak at 00:01.2");
  await review.getByLabel("Note").fill("The peak is wanted here.");
  await review.getByRole("button", { name: "Resume" }).click();
  await expect(review).toBeHidden();
  await expect(desk.getByText("The peak is wanted here.")).toBeVisible();
  const after = await studio.ask<{ status: string; review: Json }>("GET", `/jobs/${job.id}`);
  expect(after.status).toBe("running");
  expect(after.review.note).toBe("The peak is wanted here.");
});

test("a halted job is rejected, by the keyboard alone", async ({ studio, desk }) => {
  const job = await jobWith(studio, LOUD);
  await runStage(studio, job.id);
  await desk.goto(`/jobs/${job.id}`);
  await desk.getByLabel("Note").focus();
  await desk.keyboard.type("Out of time.");
  await desk.keyboard.press("Tab");
  await desk.keyboard.press("Tab");
  await expect(desk.getByRole("button", { name: "Reject" })).toBeFocused();
  await desk.keyboard.press("Enter");
  await expect(desk.getByRole("dialog")).toContainText("it cannot be resumed");
  // What cannot be undone is not done by pressing twice.
  await expect(desk.getByRole("button", { name: "Leave it" })).toBeFocused();
  await desk.keyboard.press("Tab");
  await expect(desk.getByRole("button", { name: "Reject it" })).toBeFocused();
  await desk.keyboard.press("Enter");
  await expect(desk.getByText("rejected", { exact: true })).toBeVisible();
  await expect(desk.getByText("Out of time.")).toBeVisible();
});

test("a job shows its five stages, and a run of one its timeline", async ({ studio, desk }) => {
  const [job] = await studio.list<Json & { id: number }>("/jobs?status=completed");
  await desk.goto(`/jobs/${job?.id}`);
  const stages = desk.getByRole("list", { name: "Stages" });
  await expect(stages.getByRole("listitem")).toHaveText([
    /post_variant/,
    /pre_segment.*3 runs/,
    /post_segment.*3 runs/,
    /pre_concatenation/,
    /post_delivery.*proceeded/,
  ]);
  await stages.getByRole("button", { name: /post_segment/ }).click();
  await expect(desk).toHaveURL(/stage=post_segment/);
  const runs = desk.getByRole("table", { name: "Stage runs" });
  await expect(runs.getByRole("row")).toHaveCount(4);
  await expect(runs.getByRole("row").nth(1)).toContainText(/bbb_sh010_vintage_s03/);
  await desk.getByRole("heading", { name: "Stage runs of post_segment" }).click();
  await desk.keyboard.press("j");
  await desk.keyboard.press("Enter");
  await expect(desk).toHaveURL(/\/stage-runs\//);
  const timeline = desk.getByRole("table", { name: "Timeline" });
  await expect(timeline.getByRole("row", { name: /^watermark/ })).toContainText("passed");
  await expect(timeline.getByRole("row", { name: /^checksums/ })).toContainText(
    /waited [\d.]+ m?s for watermark/,
  );
  await expect(desk.getByText(/waited longest for watermark/)).toBeVisible();
});

test("metadata is followed from hook to hook", async ({ studio, desk }) => {
  const [job] = await studio.list<Json & { id: number }>("/jobs?status=completed");
  await desk.goto(`/jobs/${job?.id}?tab=metadata`);
  const steps = desk.getByRole("list", { name: "Steps" });
  await steps
    .getByRole("button", { name: /naming/ })
    .first()
    .click();
  await expect(desk.getByRole("heading", { name: "What naming changed" })).toBeVisible();
  const changes = desk.getByRole("table", { name: "Changes of this step" });
  await expect(changes).toContainText("segment › file_name");
  await desk.getByRole("button", { name: "Next step" }).click();
  await expect(
    desk.getByRole("heading", { name: "What the pipeline brought to post_segment" }),
  ).toBeVisible();
  await expect(desk).toHaveURL(/step=run-/);
  await desk.getByRole("button", { name: "Previous step" }).click();
  await expect(desk.getByRole("heading", { name: "What naming changed" })).toBeVisible();
});

test("a stage run tells what halted it and what did not run", async ({ studio, desk }) => {
  const job = await jobWith(studio, LOUD);
  const run = await runStage(studio, job.id);
  await desk.goto(`/stage-runs/${run.id}`);
  await expect(desk.getByText("halted", { exact: true })).toBeVisible();
  const timeline = desk.getByRole("table", { name: "Timeline" });
  await expect(timeline.getByRole("row", { name: /^gate / })).toContainText("failed");
  await expect(timeline.getByRole("row", { name: /^after/ })).toContainText(
    "gate had halted the stage",
  );
  await desk.getByRole("link", { name: "Review the job" }).click();
  await expect(
    desk.getByRole("heading", { name: "This job waits for your decision" }),
  ).toBeVisible();
});

test("a stage run is watched and cancelled", async ({ studio, desk }) => {
  const job = await jobWith(studio, SLOW);
  const run = await runStage(studio, job.id, "respond-async");
  await desk.goto(`/stage-runs/${run.id}`);
  const timeline = desk.getByRole("table", { name: "Timeline" });
  await expect(timeline.getByRole("row", { name: /^gate / })).toContainText("at work");
  await expect(timeline.getByRole("row", { name: /^after/ })).toContainText("waits");
  await desk.getByRole("button", { name: "Cancel the run" }).click();
  await desk.getByRole("dialog").getByRole("button", { name: "Cancel it" }).click();
  await expect(desk.getByRole("button", { name: "Cancel the run" })).toBeHidden();
  await expect(timeline.getByRole("row", { name: /^gate / })).toContainText("cancelled");
  await expect(timeline.getByRole("row", { name: /^after/ })).toContainText("not run");
});

test("jobs are found by reference, and completed", async ({ studio, desk }) => {
  const job = await jobWith(studio, "#!/bin/sh\nexit 0\n");
  await desk.goto("/jobs");
  await expect(desk.getByRole("search")).toBeVisible();
  await desk.keyboard.press("/");
  await desk.keyboard.type(job.name);
  await expect(desk).toHaveURL(new RegExp(`external_ref=${job.name}`));
  const list = desk.getByRole("table", { name: "Jobs" });
  await expect(list.getByRole("row")).toHaveCount(2);
  await list.getByRole("link", { name: job.name }).click();
  await desk.getByRole("button", { name: "Complete" }).click();
  await desk.getByRole("button", { name: "Complete it" }).click();
  await expect(desk.getByText("completed", { exact: true })).toBeVisible();
  await expect(desk.getByRole("button", { name: "Complete" })).toBeHidden();
});
