/** Every screen, with something on it: for who looks at all of them. */
import type { Page } from "@playwright/test";
import type { Json, Studio } from "./studio";

export type Screen = {
  name: string;
  path: string;
  /** What to do before it is looked at. */
  then?: (page: Page) => Promise<void>;
};

type Numbered = Json & { id: number; name?: string };

/** The screens of a studio on which the example has run, and `furnish`. */
export async function screens(studio: Studio): Promise<Screen[]> {
  const hooks = await studio.list<Numbered>("/hooks?limit=200");
  const named = (name: string) => hooks.find((hook) => hook.name === name)?.id;
  const [project] = await studio.list<Numbered>("/projects");
  const scenes = await studio.list<Numbered>("/scene-types");
  const review = scenes.find(({ name }) => name === "review");
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
  const [event] = await studio.list<Json & { id: string }>("/events?event=stage_run_completed");
  const deliveries = await studio.list<Json & { id: string }>("/deliveries");
  const delivery = deliveries.find(({ state }) => state === "exhausted") ?? deliveries[0];
  const [script] = await studio.list<Json & { path: string }>("/scripts");
  return [
    { name: "overview", path: "/" },
    { name: "hooks", path: "/hooks" },
    { name: "hook", path: `/hooks/${named("checksums")}` },
    { name: "hook-edit", path: `/hooks/${named("watermark")}/edit` },
    { name: "hook-new", path: "/hooks/new" },
    { name: "hook-test", path: `/hooks/${named("loudness")}/test` },
    { name: "hook-executions", path: `/hooks/${named("naming")}/executions` },
    { name: "hook-revisions", path: `/hooks/${named("naming")}/revisions` },
    { name: "inheritance", path: `/inheritance?project=${project?.id}&scene_type=${review?.id}` },
    { name: "executions", path: "/executions" },
    { name: "execution", path: `/executions/${passed?.id}` },
    { name: "execution-failed", path: `/executions/${failed?.id}` },
    { name: "jobs", path: "/jobs" },
    { name: "job", path: `/jobs/${done?.id}` },
    { name: "job-review", path: `/jobs/${halted?.id}` },
    { name: "stage-run", path: `/stage-runs/${longest?.id}` },
    { name: "events", path: "/events" },
    { name: "event", path: `/events/${event?.id}` },
    { name: "event-types", path: "/event-types" },
    { name: "deliveries", path: "/deliveries" },
    ...(delivery ? [{ name: "delivery", path: `/deliveries/${delivery.id}` }] : []),
    { name: "plugins", path: "/plugins" },
    { name: "plugin", path: "/plugins/loudness-gate" },
    { name: "scripts", path: "/scripts" },
    ...(script ? [{ name: "script", path: `/scripts/${script.path}` }] : []),
    { name: "settings-tokens", path: "/settings/tokens" },
    { name: "settings-secrets", path: "/settings/secrets" },
    { name: "settings-projects", path: "/settings/projects" },
    { name: "settings-audit", path: "/settings/audit" },
    {
      name: "palette",
      path: "/hooks",
      then: async (page) => {
        await page.keyboard.press("Control+K");
        await page.getByRole("textbox", { name: "Search" }).last().fill("na");
      },
    },
    {
      name: "keys",
      path: "/jobs",
      then: async (page) => {
        await page.keyboard.press("?");
        await page.getByRole("dialog", { name: "Keys" }).waitFor();
      },
    },
  ];
}

/** Waits until what a page shows first is there. */
export async function settled(page: Page) {
  await page.getByRole("heading", { level: 1 }).first().waitFor();
  await page.waitForFunction(
    () => document.querySelector(".mantine-Skeleton-root, .mantine-Loader-root") === null,
  );
  await page.evaluate(() => document.fonts.ready);
}
