/** Where the console's first input comes from. */
import { useQuery } from "@tanstack/react-query";
import { api, client, type Schemas } from "@/api/client";
import { problemOf } from "@/api/problem";
import type { LogItem } from "../executions/words";

const MOST_PAGES = 5;

/** The newest run of the hook that was no test. */
async function lastRunOf(hookId: number, signal?: AbortSignal): Promise<LogItem | null> {
  let cursor: string | undefined;
  // A page may be empty and not be the last.
  for (let pages = 0; pages < MOST_PAGES; pages++) {
    const { data, error } = await client.GET("/api/v1/hooks/{id}/logs", {
      signal,
      params: { path: { id: hookId }, query: { is_test: false, limit: 1, cursor } },
    });
    if (!data) throw problemOf(error);
    if (data.items[0]) return data.items[0];
    cursor = data.next_cursor ?? undefined;
    if (!cursor) break;
  }
  return null;
}

export function useLastRun(hookId: number) {
  return useQuery({
    queryKey: ["last run", hookId],
    queryFn: ({ signal }) => lastRunOf(hookId, signal),
  });
}

/** The execution that is to be run again. */
export function useNamedRun(logId: number | undefined) {
  return api.useQuery(
    "get",
    "/api/v1/hook-logs/{id}",
    { params: { path: { id: logId ?? 0 } } },
    { enabled: logId !== undefined, staleTime: Number.POSITIVE_INFINITY },
  );
}

export function useEventTypes(isEventHook: boolean): {
  types: readonly Schemas["EventType"][];
  isPending: boolean;
} {
  const types = api.useQuery("get", "/api/v1/event-types", undefined, { enabled: isEventHook });
  return { types: types.data?.items ?? [], isPending: isEventHook && types.isPending };
}
