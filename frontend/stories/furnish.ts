/** What the example leaves out: things that went wrong, a stored script, events of one's own. */
import type { Studio } from "./studio";

const FLAKY = `#!/bin/sh
# Asks the render farm for its free slots.
echo "asking farm-03.studio.lan for 4 slots"
if [ "$STAGEHOOK_JOB_ID" = "" ]; then
  printf '\\033[31merror:\\033[0m the farm answered 503: maintenance until 06:00\\n' >&2
  exit 75
fi
`;

const SLATE = `#!/bin/sh
# Checks the slate's burn-in against the shot list.
printf 'frame 0012 \\033[32mok\\033[0m\\nframe 0013 \\033[33mdrift 2px\\033[0m\\n'
printf '\\033[31mframe 0014: take is 3, the shot list says 4\\033[0m\\n' >&2
exit 1
`;

export async function furnish(studio: Studio) {
  await studio.hook(
    {
      name: "slate-check",
      description: "Compares the burnt-in slate with the shot list.",
      hook_type: "shell",
      hook_point: "post_variant",
      failure_mode: "warn",
      sort_order: 20,
      config: { script_path: "slate-check.sh", timeout_seconds: 20 },
    },
    SLATE,
  );
  const farm = await studio.hook(
    {
      name: "farm-slots",
      description: "Books render slots when a job begins.",
      hook_type: "shell",
      event: "shot.*",
      failure_mode: "warn",
      config: { script_path: "farm-slots.sh", timeout_seconds: 10, retry: { retries: 0 } },
    },
    FLAKY,
  );
  await studio.hook({
    name: "chat-notice",
    description: "Tells the review channel.",
    hook_type: "webhook",
    event: "job_review_requested",
    failure_mode: "ignore",
    // Nobody listens there.
    config: { url: "http://127.0.0.1:9/notice", timeout_seconds: 2, retry: { retries: 0 } },
  });
  await studio.ask("POST", "/event-types", {
    name: "shot.approved",
    kind: "business",
    description: "A supervisor approved a shot.",
    schema: {
      type: "object",
      required: ["shot", "take"],
      properties: {
        shot: { type: "string", description: "Such as bbb_sh010." },
        take: { type: "integer", minimum: 1 },
        note: { type: "string" },
      },
    },
  });
  await studio.ask("PUT", "/secrets/tracker_token", { value: "not-a-real-one" });
  await studio.server.example();
  for (const take of [1, 2, 3]) {
    await studio.ask("POST", "/events", {
      event_name: "shot.approved",
      data: { shot: "bbb_sh010", take },
    });
  }
  await expectDelivered(studio, farm.id, 3);
}

/** Waits until so many deliveries of a hook have ended. */
async function expectDelivered(studio: Studio, hook: number, count: number) {
  for (;;) {
    const all = await studio.list<{ state: string }>(`/deliveries?hook_id=${hook}`);
    if (all.filter(({ state }) => state === "succeeded" || state === "exhausted").length >= count)
      return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
