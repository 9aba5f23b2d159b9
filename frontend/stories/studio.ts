/**
 * What every story begins with: a studio with a server of its own, on which the
 * example pipeline has run straight through, halted and resumed, and halted and
 * left for somebody to review; and a page that is signed in.
 */
import { expect, type Page, test as base } from "@playwright/test";
import { furnish } from "./furnish";
import { Server } from "./server";

export type Json = Record<string, unknown>;

export class Studio {
  constructor(readonly server: Server) {}

  /** Asks the API as the administrator. Throws where it refuses. */
  async ask<T = Json>(method: string, path: string, body?: unknown): Promise<T> {
    const isBytes = body instanceof Uint8Array;
    const answer = await fetch(`${this.server.url}/api/v1${path}`, {
      method,
      headers: {
        Authorization: `Bearer ${this.server.token}`,
        ...(body === undefined
          ? {}
          : { "Content-Type": isBytes ? "application/wasm" : "application/json" }),
      },
      body: isBytes
        ? (body as Uint8Array<ArrayBuffer>)
        : body === undefined
          ? undefined
          : JSON.stringify(body),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return (text ? JSON.parse(text) : undefined) as T;
  }

  /** The items of a listing's first page. */
  async list<T = Json>(path: string): Promise<T[]> {
    return (await this.ask<{ items: T[] }>("GET", path)).items;
  }

  /** A hook; a shell script of one's own is put into the script store first. */
  async hook(hook: Json, script?: string): Promise<Json & { id: number }> {
    const path = (hook.config as Json | undefined)?.script_path;
    if (script !== undefined && typeof path === "string") await this.script(path, script);
    return this.ask("POST", "/hooks", { scope_type: "studio", ...hook });
  }

  async script(path: string, text: string) {
    const answer = await fetch(`${this.server.url}/api/v1/scripts/${path}`, {
      method: "PUT",
      headers: {
        Authorization: `Bearer ${this.server.token}`,
        "Content-Type": "application/octet-stream",
      },
      body: text,
    });
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  }

  /** Signs a page in, and has it know the tour already. */
  async signIn(page: Page, token = this.server.token) {
    await page.addInitScript(() => localStorage.setItem("stagehook-tour-seen", "true"));
    await page.goto(`${this.server.url}/sign-in#token=${token}`);
    await expect(page.getByRole("navigation", { name: "Pages" })).toBeVisible();
  }
}

export const test = base.extend<{ desk: Page }, { studio: Studio; isFurnished: boolean }>({
  /** Whether the studio has what the example leaves out, too; one that has is a server of its own. */
  isFurnished: [false, { option: true, scope: "worker" }],
  studio: [
    async ({ isFurnished }, use) => {
      const server = await Server.start();
      try {
        await server.example();
        await server.example("--halt");
        await server.example("--halt", "leave");
        const studio = new Studio(server);
        if (isFurnished) await furnish(studio);
        await use(studio);
      } finally {
        await server.remove();
      }
    },
    { scope: "worker", timeout: 600_000 },
  ],
  /** A page that is signed in; its console is as clean as its stories. */
  desk: async ({ studio, browser }, use) => {
    const context = await browser.newContext({ baseURL: studio.server.url });
    const page = await context.newPage();
    const wrong: string[] = [];
    page.on("pageerror", (error) => wrong.push(String(error)));
    page.on("console", (message) => {
      if (
        /content security policy|react|warning: /i.test(message.text()) &&
        message.type() === "error"
      )
        wrong.push(message.text());
    });
    await studio.signIn(page);
    await use(page);
    expect(wrong).toEqual([]);
    await context.close();
  },
});

export { expect };
