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

/** Everything that was asked of these routes is asked again, where it is on the screen. */
export function outdated(...routes: string[]) {
  for (const route of routes) {
    void queries.invalidateQueries({
      predicate: ({ queryKey }) =>
        typeof queryKey[1] === "string" && queryKey[1].startsWith(`/api/v1${route}`),
    });
  }
}
