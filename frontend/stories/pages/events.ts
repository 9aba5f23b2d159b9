/** Events, their types, and their deliveries. */
import type { Page } from "@playwright/test";
import type { Screen } from "../pages";
import { expect, type Json, type Studio } from "../studio";

export async function eventScreens(studio: Studio): Promise<Screen[]> {
  const [event] = await studio.list<Json & { id: string }>("/events?event=stage_run_completed");
  const [told] = await studio.list<Json & { id: string }>("/events?event=shot.approved");
  const deliveries = await studio.list<Json & { id: string }>("/deliveries");
  const delivery = deliveries.find(({ state }) => state === "exhausted") ?? deliveries[0];
  const tail = async (page: Page) => {
    const rows = page.getByRole("table", { name: "Events as they happen" }).getByRole("row");
    // The stream may open a moment after the page.
    await expect(async () => {
      await studio.ask("POST", "/events", {
        event_name: "shot.approved",
        data: { shot: "bbb_sh020", take: 1 },
      });
      await expect(rows.nth(1)).toBeVisible({ timeout: 1_000 });
    }).toPass();
  };
  return [
    { name: "events", path: "/events" },
    { name: "events-live", path: "/events?view=live", then: tail },
    {
      name: "events-live-one",
      path: "/events?view=live",
      then: async (page) => {
        await tail(page);
        await page.keyboard.press("j");
        await page.keyboard.press("Enter");
        await page.getByRole("dialog").waitFor();
      },
    },
    { name: "event", path: `/events/${event?.id}` },
    { name: "event-told", path: `/events/${told?.id}` },
    { name: "event-gone", path: "/events/00000000-0000-0000-0000-000000000000" },
    {
      name: "event-publish",
      path: "/events?publish=shot.approved",
      then: async (page) => {
        const dialog = page.getByRole("dialog", { name: "Publish an event" });
        await dialog.getByRole("textbox", { name: "shot" }).fill("bbb_sh010");
      },
    },
    {
      name: "event-publish-refused",
      path: "/events?publish=shot.approved",
      then: async (page) => {
        const dialog = page.getByRole("dialog", { name: "Publish an event" });
        const shot = dialog.getByRole("textbox", { name: "shot" });
        await shot.waitFor();
        await dialog.getByRole("button", { name: "Publish", exact: true }).click();
        await expect(shot).toHaveAttribute("aria-invalid", "true");
      },
    },
    {
      name: "event-replay",
      path: "/events?replay=true",
      then: (page) => page.getByRole("dialog", { name: "Replay events" }).waitFor(),
    },
    { name: "event-types", path: "/event-types" },
    {
      name: "event-type",
      path: "/event-types?type=shot.approved",
      then: (page) => page.getByRole("dialog", { name: "shot.approved" }).waitFor(),
    },
    {
      name: "event-type-new",
      path: "/event-types",
      then: async (page) => {
        await page.getByRole("button", { name: "New type" }).click();
        const dialog = page.getByRole("dialog", { name: "New event type" });
        await dialog.getByRole("button", { name: "Begin with an example" }).click();
      },
    },
    {
      name: "event-types-import",
      path: "/event-types",
      then: async (page) => {
        await page.getByRole("button", { name: "Import" }).click();
        await page.getByRole("dialog", { name: "Import event types" }).waitFor();
      },
    },
    { name: "deliveries", path: "/deliveries" },
    ...(delivery ? [{ name: "delivery", path: `/deliveries/${delivery.id}` }] : []),
  ];
}
