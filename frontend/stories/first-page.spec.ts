import { settled } from "./pages";
import { expect, test } from "./studio";

/** What the first page may weigh on its way, all of it. */
const FIRST_PAGE_BYTES = 300_000;

test("the first page is light, and asks for nothing twice", async ({ desk }) => {
  const session = await desk.context().newCDPSession(desk);
  await session.send("Network.enable");
  await session.send("Network.setCacheDisabled", { cacheDisabled: true });
  const asked = new Map<string, string>();
  const asks: string[] = [];
  let bytes = 0;
  session.on("Network.requestWillBeSent", ({ requestId, request }) => {
    asked.set(requestId, `${request.method} ${new URL(request.url).pathname}`);
    // The browser asks for the icon when it likes.
    if (!request.url.endsWith("/favicon.svg")) asks.push(`${request.method} ${request.url}`);
  });
  session.on("Network.loadingFinished", ({ requestId, encodedDataLength }) => {
    if (asked.has(requestId)) bytes += encodedDataLength;
  });
  await desk.goto("/");
  await settled(desk);
  await expect(desk.getByRole("heading", { name: "Overview", level: 1 })).toBeVisible();
  console.log(`the first page: ${asks.length} requests, ${bytes} bytes`);
  expect(bytes).toBeGreaterThan(0);
  expect(bytes).toBeLessThan(FIRST_PAGE_BYTES);
  expect(asks.filter((ask, index) => asks.indexOf(ask) !== index)).toEqual([]);

  // Going to another page and back asks for what is not known, and for nothing else.
  const before = asks.length;
  await desk.getByRole("link", { name: "Plugins", exact: true }).click();
  await expect(desk.getByRole("heading", { name: "Plugins", level: 1 })).toBeVisible();
  await settled(desk);
  await desk.getByRole("link", { name: "Overview", exact: true }).click();
  await settled(desk);
  const later = asks.slice(before).filter((ask) => !ask.includes("/events/stream"));
  expect(later.filter((ask, index) => later.indexOf(ask) !== index)).toEqual([]);
  expect(later.filter((ask) => asks.slice(0, before).includes(ask))).toEqual([]);
});
