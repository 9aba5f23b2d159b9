import { expect, test } from "./studio";

test.describe("the session (UI-1)", () => {
  test("the link that the server prints signs in, and its token stays nowhere", async ({
    studio,
    page,
  }) => {
    await page.goto(`${studio.server.url}/sign-in#token=${studio.server.token}`);
    await expect(page.getByRole("dialog", { name: "Welcome to Stagehook" })).toBeVisible();
    await page.getByRole("button", { name: "Look around" }).click();
    await expect(page.getByRole("navigation", { name: "Pages" })).toBeVisible();
    expect(page.url()).not.toContain(studio.server.token);
    const kept = await page.evaluate(
      () => JSON.stringify(localStorage) + JSON.stringify(sessionStorage) + document.cookie,
    );
    expect(kept).not.toContain(studio.server.token);
    // The session's own cookie cannot be read by scripts.
    expect(kept).not.toContain("stagehook_session");
    const cookies = await page.context().cookies();
    expect(cookies.find(({ name }) => name === "stagehook_session")).toMatchObject({
      httpOnly: true,
      sameSite: "Strict",
    });
  });

  test("a token that is wrong is refused in words; the page that was asked for comes after", async ({
    studio,
    page,
  }) => {
    await page.goto(`${studio.server.url}/jobs?status=failed`);
    await expect(page).toHaveURL(/sign-in/);
    await page.getByLabel("Token").fill("not-a-token");
    await page.getByRole("button", { name: "Sign in" }).click();
    await expect(page.getByRole("alert")).toContainText("does not know this token");
    await page.getByLabel("Token").fill(studio.server.token);
    await page.getByRole("button", { name: "Sign in" }).click();
    await expect(page).toHaveURL(/\/jobs\?status=failed/);
  });

  test("who signs out stays out, and the session is over", async ({ studio, page }) => {
    await studio.signIn(page);
    await page.getByRole("button", { name: "Account" }).click();
    await page.getByRole("menuitem", { name: "Sign out" }).click();
    await expect(page.getByRole("heading", { name: "Sign in" })).toBeVisible();
    await expect(page.getByLabel("Token")).toBeVisible();
    const answer = await page.request.get(`${studio.server.url}/api/v1/session`);
    expect(answer.status()).toBe(401);
    // Nor is there an address that breaks the page.
    await page.goto(`${studio.server.url}/sign-in?next=//`);
    await expect(page.getByRole("heading", { name: "Sign in" })).toBeVisible();
  });

  test("a link of somebody else's asks before it takes the session's place", async ({
    studio,
    page,
  }) => {
    const other = await studio.ask<{ token: string }>("POST", "/tokens", {
      name: "somebody else",
      role: "viewer",
    });
    await studio.signIn(page);
    await page.goto(`${studio.server.url}/sign-in#token=${other.token}`);
    await expect(page.getByRole("heading", { name: "Sign in by this link?" })).toBeVisible();
    await page.getByRole("button", { name: "Stay admin" }).click();
    await expect(page.getByRole("navigation", { name: "Pages" })).toBeVisible();
    await expect(page.getByRole("button", { name: "Account" })).toContainText("admin");
  });

  test("the link signs in where the page to sign in is open already", async ({ studio, page }) => {
    await page.goto(`${studio.server.url}/sign-in`);
    await expect(page.getByRole("heading", { name: "Sign in" })).toBeVisible();
    // The same page but for the fragment: nothing is loaded anew.
    await page.goto(`${studio.server.url}/sign-in#token=${studio.server.token}`);
    await expect(page.getByRole("navigation", { name: "Pages" })).toBeVisible();
    expect(page.url()).not.toContain(studio.server.token);
  });

  test("who signs in anew in another tab loses nothing that was typed in this one", async ({
    studio,
    desk,
  }) => {
    const hook = await studio.hook(
      {
        name: "typed-in-two-sessions",
        hook_type: "shell",
        hook_point: "post_delivery",
        config: { script_path: "stories/session.sh" },
      },
      "#!/bin/sh\nexit 0\n",
    );
    await desk.goto(`/hooks/${hook.id}/edit`);
    const description = desk.getByRole("textbox", { name: "Description" });
    await description.fill("typed in the first");
    const signedIn = await desk.request.post(`${studio.server.url}/api/v1/session`, {
      data: { token: studio.server.token },
    });
    expect(signedIn.ok()).toBe(true);
    await desk.getByRole("button", { name: "Save", exact: true }).click();
    await expect(desk.getByRole("alert")).toBeVisible();
    await expect(description).toHaveValue("typed in the first");
    await desk.getByRole("button", { name: "Save", exact: true }).click();
    await expect(desk.getByText("typed-in-two-sessions is saved")).toBeVisible();
    await studio.ask("DELETE", `/hooks/${hook.id}`);
  });
});
