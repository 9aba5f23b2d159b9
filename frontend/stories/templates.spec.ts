/** What one who has no hooks yet begins with works as it is. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Server } from "./server";
import { expect, type Json, Studio, test } from "./studio";

test("a hook is made from a template with its script, and checks a segment", async ({
  browser,
}) => {
  const server = await Server.start();
  const studio = new Studio(server);
  const page = await browser.newPage({ baseURL: server.url });
  try {
    await studio.signIn(page);
    await page.goto("/hooks");
    await expect(page.getByRole("button", { name: /^Tell another system/ })).toBeVisible();
    // There is no plugin that it could run.
    await expect(page.getByText(/^Run the plugin/)).toHaveCount(0);

    await page.getByRole("button", { name: /^Check each segment/ }).click();
    await expect(page.getByText("qc/check_size.py is in the script store")).toBeVisible();
    await expect(page.getByRole("combobox", { name: "Script" })).toHaveValue("qc/check_size.py");
    await page.getByRole("button", { name: "Create hook" }).click();
    await expect(page.getByRole("heading", { level: 1, name: "check-size" })).toBeVisible();

    const empty = join(server.media, "empty.mp4");
    await writeFile(empty, "");
    const [hook] = await studio.list<Json & { id: number }>("/hooks?name=check-size");
    const log = await studio.ask("POST", `/hooks/${hook?.id}/test`, {
      input: { segment_path: empty },
    });
    expect(log).toMatchObject({
      status: "failed",
      result: { message: "there is nothing in the segment" },
    });
  } finally {
    await page.close();
    await server.remove();
  }
});
