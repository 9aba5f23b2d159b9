/** What is known of the server's data, and for how long it is believed. */
import { QueryClient } from "@tanstack/react-query";
import { connection, onConnection } from "./connection";
import { isProblem, UNREACHABLE } from "./problem";

export const queries = new QueryClient({
  defaultOptions: {
    queries: {
      // Live events say what changed (see live.ts); this is for what they do not tell.
      staleTime: 30_000,
      refetchOnWindowFocus: true,
      // A refusal stays one. What got no answer is asked again when the server is back.
      retry: (failures, error) =>
        failures < 2 && (!isProblem(error) || error.type === UNREACHABLE.type),
      // A server on this machine is there without a network.
      networkMode: "always",
    },
    mutations: { retry: false, networkMode: "always" },
  },
});

let was = connection();
onConnection(() => {
  const now = connection();
  if (was === "down" && now === "up") void queries.invalidateQueries();
  was = now;
});

/** The keys of lists that are read page by page begin with it (see parts/live-list.ts). */
export const PAGES = "pages";

/** Everything that was asked of these routes is asked again, where it is on the screen. */
export function outdated(...routes: string[]) {
  askAgain(routes, () => true);
}

/** The same after what others did: who reads a list is not to lose the place in it. */
export function outdatedByOthers(...routes: string[]) {
  askAgain(routes, (kind) => kind !== PAGES);
}

function askAgain(routes: string[], isMeant: (kind: unknown) => boolean) {
  for (const route of routes) {
    void queries.invalidateQueries({
      predicate: ({ queryKey: [kind, path] }) =>
        typeof path === "string" && path.startsWith(`/api/v1${route}`) && isMeant(kind),
    });
  }
}
