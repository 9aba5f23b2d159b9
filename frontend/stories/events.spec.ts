/** Events, their types and their deliveries. */
import { Receiver } from "./receiver";
import { expect, type Studio, test } from "./studio";

const TYPE = {
  name: "translation_complete",
  kind: "business",
  description: "A subtitle file was translated.",
  schema: {
    type: "object",
    properties: {
      file: { type: "string", description: "The file that was written." },
      lines: { type: "integer", minimum: 1 },
    },
    required: ["file"],
    additionalProperties: false,
  },
};

const emit = (studio: Studio, event_name: string, data: object = {}) =>
  studio.ask<{ id: string }>("POST", "/events", { event_name, data });

test.describe("events", () => {
  test("an event is published from its type's schema, what is wrong told at the field", async ({
    studio,
    desk,
  }) => {
    await studio.ask("POST", "/event-types", TYPE);
    await desk.goto("/events");
    await desk.getByRole("button", { name: "Publish an event" }).click();
    const dialog = desk.getByRole("dialog", { name: "Publish an event" });
    await dialog.getByRole("combobox", { name: "Event" }).fill(TYPE.name);
    await expect(dialog.getByText(TYPE.description)).toBeVisible();
    const file = dialog.getByRole("textbox", { name: "file" });
    await expect(file).toBeVisible();
    await desk.keyboard.press("Escape");
    await dialog.getByRole("button", { name: "Publish", exact: true }).click();
    await expect(file).toHaveAttribute("aria-invalid", "true");
    await file.fill("ep01.de.srt");
    await dialog.getByRole("button", { name: "Publish", exact: true }).click();
    await dialog.getByRole("link", { name: "Look at it" }).click();
    await expect(desk.getByRole("heading", { name: TYPE.name, level: 1 })).toBeVisible();
    await expect(desk.getByText("file: ep01.de.srt")).toBeVisible();
    await expect(desk.getByText("No hook answers it")).toBeVisible();
  });

  test("what was filled in for one type is not published as another", async ({ studio, desk }) => {
    const typed = (name: string, property: string) => ({
      name,
      kind: "business",
      schema: { type: "object", properties: { [property]: { type: "string" } } },
    });
    await studio.ask("POST", "/event-types", typed("dailies_cut", "reel"));
    await studio.ask("POST", "/event-types", typed("dailies_sent", "room"));
    await desk.goto("/events?publish=dailies_cut");
    const dialog = desk.getByRole("dialog", { name: "Publish an event" });
    await dialog.getByRole("textbox", { name: "reel" }).fill("A012");
    await dialog.getByRole("combobox", { name: "Event" }).fill("dailies_sent");
    await desk.keyboard.press("Escape");
    await dialog.getByRole("textbox", { name: "room" }).fill("Screening 2");
    await dialog.getByRole("button", { name: "Publish", exact: true }).click();
    await expect(dialog.getByText("No hook answers it.")).toBeVisible();
    const [sent] = await studio.list<{ data: object }>("/events?event=dailies_sent");
    expect(sent?.data).toEqual({ room: "Screening 2" });
  });

  test("the list is filtered in the address, and gone through with the keyboard", async ({
    desk,
  }) => {
    await desk.goto("/events?event=job_failed");
    const table = desk.getByRole("table", { name: "Events" });
    await expect(table.getByRole("link", { name: "job_failed" }).first()).toBeVisible();
    await expect(table.getByRole("link", { name: "job_created" })).toHaveCount(0);
    await desk.keyboard.press("j");
    await desk.keyboard.press("Enter");
    await expect(desk.getByRole("heading", { name: "job_failed", level: 1 })).toBeVisible();
    await desk.goBack();
    await expect(desk).toHaveURL(/\?event=job_failed$/);
    await expect(table.getByRole("link", { name: "job_failed" }).first()).toBeVisible();
  });

  test("what is new is counted and waits to be let in", async ({ studio, desk }) => {
    await studio.ask("POST", "/event-types", { name: "render_slot", kind: "business" });
    await emit(studio, "render_slot", { slot: 1 });
    await desk.goto("/events?event=render_slot");
    const table = desk.getByRole("table", { name: "Events" });
    await expect(table.getByText("slot: 1")).toBeVisible();
    await desk.keyboard.press("j");
    await emit(studio, "render_slot", { slot: 2 });
    const fresh = desk.getByRole("button", { name: "1 new" });
    await expect(fresh).toBeVisible();
    await expect(table.getByRole("row")).toHaveCount(2);
    await fresh.click();
    await expect(table.getByRole("row").nth(1)).toContainText("slot: 2");
    await expect(fresh).toHaveCount(0);
  });

  test("an address with a moment that is none shows the list", async ({ desk }) => {
    await desk.goto("/events?since=2026-13&until=soon");
    await expect(desk.getByRole("table", { name: "Events" })).toBeVisible();
    await expect(desk.getByRole("button", { name: "Time: Any time" })).toBeVisible();
  });

  test("the live tail tells progress and unknown names, and waits while it is paused", async ({
    studio,
    desk,
  }) => {
    await studio.ask("POST", "/event-types", { name: "frame_done", kind: "progress" });
    await desk.goto("/events?view=live");
    await expect(desk.getByRole("heading", { name: "Listening" })).toBeVisible();
    const tail = desk.getByRole("table", { name: "Events as they happen" });
    // The stream may open a moment after the page.
    await expect(async () => {
      await emit(studio, "frame_done", { frame: 1 });
      await expect(tail.getByText("frame: 1").first()).toBeVisible({ timeout: 1_000 });
    }).toPass();
    await desk.getByRole("button", { name: "Pause" }).click();
    await emit(studio, "frame_done", { frame: 77 });
    // Others make events, too.
    await expect(
      desk.getByRole("status").filter({ hasText: /Paused, [1-9]\d* new/ }),
    ).toBeVisible();
    await expect(tail.getByText("frame: 77")).toHaveCount(0);
    await desk.getByRole("button", { name: "Go on" }).click();
    await expect(tail.getByText("frame: 77")).toBeVisible();
  });

  test("a type is added with a schema, looked at, and deleted", async ({ desk }) => {
    await desk.goto("/event-types");
    await desk.getByRole("button", { name: "New type" }).click();
    const dialog = desk.getByRole("dialog", { name: "New event type" });
    await dialog.getByRole("textbox", { name: "Name" }).fill("not a name");
    await dialog.getByRole("button", { name: "Begin with an example" }).click();
    await dialog.getByRole("button", { name: "Add it" }).click();
    const name = dialog.getByRole("textbox", { name: "Name" });
    await expect(name).toHaveAttribute("aria-invalid", "true");
    await name.fill("conform_done");
    await dialog.getByRole("button", { name: "Add it" }).click();
    const drawer = desk.getByRole("dialog", { name: "conform_done" });
    await expect(drawer.getByRole("textbox", { name: "file" })).toBeVisible();
    await drawer.getByRole("button", { name: "Delete" }).click();
    await desk.getByRole("button", { name: "Delete the type" }).click();
    await expect(desk.getByText("conform_done is deleted")).toBeVisible();
  });

  test("a replay says what it means before it is done", async ({ desk }) => {
    await desk.goto("/events?replay=true");
    const dialog = desk.getByRole("dialog", { name: "Replay events" });
    await expect(dialog.getByText(/Only deliveries that were given up or cancelled/)).toBeVisible();
    await dialog.getByRole("checkbox", { name: "Also what was delivered" }).check();
    await expect(dialog.getByText(/Whatever became of it/)).toBeVisible();
    await dialog.getByRole("checkbox", { name: "Also what was delivered" }).uncheck();
    await dialog.getByRole("button", { name: "Replay", exact: true }).click();
    await expect(dialog.getByText(/on their way again/)).toBeVisible();
  });
});

test("one event is replayed from its page, to a hook that came later", async ({ studio, desk }) => {
  await studio.ask("POST", "/event-types", { name: "plate_ingested", kind: "business" });
  const { id } = await emit(studio, "plate_ingested", { plate: 4 });
  await emit(studio, "plate_ingested", { plate: 5 });
  const receiver = await Receiver.start();
  const hook = await studio.hook({
    name: "plate-board",
    hook_type: "webhook",
    event: "plate_ingested",
    config: { url: receiver.url },
  });
  await desk.goto(`/events/${id}`);
  await expect(desk.getByText("No hook answers it")).toBeVisible();
  await desk.getByRole("button", { name: "Replay this event" }).click();
  const dialog = desk.getByRole("dialog", { name: "Replay this event" });
  await dialog.getByRole("combobox", { name: "Hook" }).fill("plate-board");
  await desk.getByRole("option", { name: /plate-board/ }).click();
  await expect(dialog.getByText(/If it did not get the event/)).toBeVisible();
  await dialog.getByRole("button", { name: "Replay", exact: true }).click();
  await expect(dialog.getByText("1 on their way again")).toBeVisible();
  await dialog.getByRole("button", { name: "Close" }).last().click();
  await expect(desk.getByRole("row").filter({ hasText: "plate-board" })).toContainText("delivered");
  await studio.ask("DELETE", `/hooks/${hook.id}`);
  await receiver.stop();
});

test.describe("deliveries", () => {
  test("one that was given up is looked at, retried, and arrives", async ({ studio, desk }) => {
    const receiver = await Receiver.start();
    receiver.status = 400;
    receiver.body = '{"error": "no such shot"}';
    const hook = await studio.hook({
      name: "shot-board",
      hook_type: "webhook",
      event: "segment_started",
      config: { url: receiver.url, retry: { retries: 0 } },
    });
    await emit(studio, "segment_started", { segment: 12 });

    await desk.goto(`/deliveries?hook_id=${hook.id}&state=exhausted`);
    const row = desk.getByRole("row").filter({ hasText: "shot-board" });
    await expect(row).toContainText("given up");
    await row.getByRole("link", { name: "segment_started" }).click();
    await expect(
      desk.getByRole("heading", { name: "segment_started to shot-board", level: 1 }),
    ).toBeVisible();
    await expect(desk.getByRole("button", { name: /Attempt 1/ })).toContainText("HTTP 400");
    await expect(desk.getByText("no such shot").first()).toBeVisible();

    receiver.status = 200;
    receiver.body = "{}";
    await desk.getByRole("button", { name: /^Retry/ }).click();
    await expect(desk.getByText("is on its way to shot-board")).toBeVisible();
    await expect(desk.getByText("delivered", { exact: true })).toBeVisible();
    await expect(desk.getByRole("button", { name: /HTTP 200/ })).toBeVisible();
    await studio.ask("DELETE", `/hooks/${hook.id}`);
    await receiver.stop();
  });

  test("those of a paused hook wait, and go on when it is resumed", async ({ studio, desk }) => {
    const receiver = await Receiver.start();
    const hook = await studio.hook({
      name: "night-board",
      hook_type: "webhook",
      event: "concatenation_started",
      config: { url: receiver.url },
    });
    await studio.ask("POST", `/hooks/${hook.id}/pause`);
    await emit(studio, "concatenation_started");
    await desk.goto(`/deliveries?hook_id=${hook.id}`);
    await expect(desk.getByRole("row").filter({ hasText: "night-board" })).toContainText("waits");
    await desk.getByRole("button", { name: "Resume: night-board" }).click();
    await expect(desk.getByRole("row").filter({ hasText: "night-board" })).toContainText(
      "delivered",
    );
    await studio.ask("DELETE", `/hooks/${hook.id}`);
    await receiver.stop();
  });
});
