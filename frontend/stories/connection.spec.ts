import { expect, test } from "./studio";

test.describe("a server that goes away, and who is signed in no longer", () => {
  test("the page says that the server is gone, and goes on by itself when it is back", async ({
    studio,
    desk,
  }) => {
    // A list that has rows would count what is new, and wait for somebody to let it in.
    await desk.goto("/jobs?external_ref=during+the+break");
    await expect(desk.getByText("No job fits these filters")).toBeVisible();
    await studio.server.down();
    // Whatever is asked for next finds nobody.
    await desk.keyboard.press("r");
    await expect(desk.getByText("The server does not answer")).toBeVisible();
    await studio.server.elsewhere(async () => {
      const [project] = await studio.list<{ id: number }>("/projects");
      await studio.ask("POST", "/jobs", {
        project_id: project?.id,
        external_ref: "during the break",
      });
    });
    await studio.server.again();
    await expect(desk.getByText("The server does not answer")).toBeHidden();
    // What happened meanwhile is on the page, without anybody loading it again.
    await expect(desk.getByRole("link", { name: "during the break" })).toBeVisible();
  });

  test("a token that is revoked while it is in use ends the session in words", async ({
    studio,
    browser,
  }) => {
    const made = await studio.ask<{ id: number; token: string }>("POST", "/tokens", {
      name: "night shift",
      role: "editor",
    });
    const page = await browser.newPage({ baseURL: studio.server.url });
    await studio.signIn(page, made.token);
    await page.goto("/hooks");
    await expect(page.getByRole("heading", { name: "Hooks", level: 1 })).toBeVisible();
    await studio.ask("DELETE", `/tokens/${made.id}`);
    await page.keyboard.press("r");
    await expect(page).toHaveURL(/\/sign-in\?next=%2Fhooks/);
    await expect(page.getByRole("heading", { name: "Sign in" })).toBeVisible();
    await page.close();
  });

  test("on a slow network the page says that it is loading, and arrives", async ({
    studio,
    desk,
  }) => {
    const session = await desk.context().newCDPSession(desk);
    await session.send("Network.emulateNetworkConditions", {
      offline: false,
      latency: 400,
      downloadThroughput: 50_000,
      uploadThroughput: 20_000,
    });
    await desk.goto(`${studio.server.url}/jobs`, { waitUntil: "commit" });
    await expect(desk.getByLabel("Loading", { exact: true }).first()).toBeVisible({
      timeout: 60_000,
    });
    await expect(desk.getByRole("heading", { name: "Jobs", level: 1 })).toBeVisible({
      timeout: 60_000,
    });
    await expect(desk.getByRole("table").first()).toBeVisible({ timeout: 60_000 });
  });
});
