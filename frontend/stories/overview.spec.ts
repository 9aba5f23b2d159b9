/** What needs a person now, and how things went (UI-5). */
import { Receiver } from "./receiver";
import { Server } from "./server";
import { expect, Studio, test } from "./studio";

test.describe("the overview (UI-5)", () => {
  test("says which job waits and why, and leads to its review", async ({ desk }) => {
    await desk.goto("/");
    const needs = desk.getByRole("region", { name: "Needs you" });
    const job = needs.getByRole("listitem").filter({ hasText: "loudness" }).first();
    await expect(job).toContainText("true peak");
    await job.getByRole("link", { name: "Review" }).click();
    await expect(desk).toHaveURL(/\/jobs\/\d+/);
  });

  test("tells throughput and failures over a window that is in the address", async ({ desk }) => {
    await desk.goto("/");
    const totals = desk.getByRole("region", { name: "Totals of the last 24 hours" });
    await expect(totals).toContainText("Executions");
    await expect(desk.getByRole("img", { name: /Executions over time/ })).toBeVisible();
    await desk.getByText("1 hour", { exact: true }).click();
    await expect(desk).toHaveURL(/hours=1$/);
    await expect(desk.getByRole("region", { name: "Totals of the last hour" })).toBeVisible();
    // The same for who does not see the bars.
    await desk.getByRole("radiogroup", { name: "Show as" }).getByText("Table").click();
    const table = desk.getByRole("table", { name: "Executions over time" });
    await expect(table.getByRole("columnheader", { name: "failed" })).toBeVisible();
    await expect(
      desk.getByRole("region", { name: "Slowest hooks" }).getByRole("link").first(),
    ).toBeVisible();
  });

  test("a hook that was disabled for its failures is enabled again from here", async ({
    studio,
    desk,
  }) => {
    const receiver = await Receiver.start();
    receiver.status = 410;
    const hook = await studio.hook({
      name: "old-board",
      hook_type: "webhook",
      event: "variant_completed",
      config: { url: receiver.url, retry: { retries: 0 } },
    });
    await studio.ask("POST", "/events", { event_name: "variant_completed", data: {} });
    await desk.goto("/");
    const item = desk.getByRole("listitem").filter({ hasText: "old-board" });
    await expect(item.filter({ hasText: "Disabled:" })).toContainText("410");
    await item.getByRole("button", { name: "Enable again: old-board" }).click();
    await expect(desk.getByText("old-board is switched on")).toBeVisible();
    await expect(desk.getByRole("button", { name: "Enable again: old-board" })).toHaveCount(0);
    expect((await studio.ask("GET", `/hooks/${hook.id}`)).enabled).toBe(true);
    await studio.ask("DELETE", `/hooks/${hook.id}`);
    await receiver.stop();
  });

  test("a new studio is led to its first hook that runs", async ({ browser }) => {
    const server = await Server.start();
    try {
      const page = await browser.newPage({ baseURL: server.url });
      await new Studio(server).signIn(page);
      await expect(
        page.getByRole("heading", { name: "Three steps to the first hook that runs" }),
      ).toBeVisible();
      await page.getByRole("textbox", { name: "Name of the project" }).fill("Nightfall");
      await page.getByRole("button", { name: "Create", exact: true }).click();
      await expect(page.getByText("Nightfall is there.")).toBeVisible();
      await page.getByRole("button", { name: "Make this hook" }).click();
      await expect(page.getByText("hello is there.")).toBeVisible();
      await page.getByRole("button", { name: "Run it" }).click();
      await expect(page.getByText("the first hook ran")).toBeVisible();
      await page.getByRole("button", { name: "Show the overview" }).click();
      await expect(page.getByText("Nothing needs you")).toBeVisible();
      await page.close();
    } finally {
      await server.remove();
    }
  });
});
