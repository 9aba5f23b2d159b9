/** Jobs, their stage runs, and executions. */
import type { Numbered, Screen } from "../pages";
import type { Json, Studio } from "../studio";

export async function runScreens(studio: Studio): Promise<Screen[]> {
  const jobs = await studio.list<Numbered>("/jobs?limit=200");
  const halted = jobs.find((job) => job.needs_review === true);
  const done = jobs.find((job) => job.status === "completed");
  const runs = await studio.list<Json & { id: string }>(`/jobs/${done?.id}/stage-runs`);
  const longest = [...runs].sort(
    (a, b) => (b.executions as unknown[]).length - (a.executions as unknown[]).length,
  )[0];
  const logs = await studio.list<Numbered>("/hook-logs?limit=200");
  const failed = logs.find((log) => log.success === false) ?? logs[0];
  const passed = logs.find((log) => log.success === true && log.result !== null);
  return [
    { name: "executions", path: "/executions" },
    { name: "execution", path: `/executions/${passed?.id}` },
    ...["output", "result", "metadata", "usage", "input"].map((tab) => ({
      name: `execution-${tab}`,
      path: `/executions/${passed?.id}?tab=${tab}`,
    })),
    { name: "execution-failed", path: `/executions/${failed?.id}` },
    { name: "execution-gone", path: "/executions/999999" },
    { name: "jobs", path: "/jobs" },
    { name: "job", path: `/jobs/${done?.id}` },
    ...["metadata", "executions", "workflow"].map((tab) => ({
      name: `job-${tab}`,
      path: `/jobs/${done?.id}?tab=${tab}`,
    })),
    { name: "job-review", path: `/jobs/${halted?.id}` },
    { name: "job-review-viewer", path: `/jobs/${halted?.id}`, who: "viewer" },
    {
      name: "job-reject",
      path: `/jobs/${halted?.id}`,
      then: async (page) => {
        await page.getByRole("button", { name: "Reject" }).click();
        await page.getByRole("dialog", { name: /^Reject / }).waitFor();
      },
    },
    { name: "stage-run", path: `/stage-runs/${longest?.id}` },
  ];
}
