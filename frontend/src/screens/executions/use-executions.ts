/** The executions that fit, newest first, without what they printed. */
import { client } from "@/api/client";
import type { paths } from "@/api/schema";
import { useLiveList } from "@/parts/live-list";

export type LogQuery = Omit<
  NonNullable<paths["/api/v1/hook-logs"]["get"]["parameters"]["query"]>,
  "cursor" | "limit" | "brief"
>;

const PAGE = 50;

export function useExecutions(query: LogQuery) {
  return useLiveList(
    "/api/v1/hook-logs",
    query,
    (asked, signal) =>
      client.GET("/api/v1/hook-logs", { signal, params: { query: { ...asked, brief: true } } }),
    { limit: PAGE, isEnded: query.until !== undefined },
  );
}
