/** What is on record of a job. */
import { useQuery } from "@tanstack/react-query";
import { client } from "@/api/client";
import { problemOf } from "@/api/problem";
import type { LogItem } from "../executions/words";
import type { StageRun } from "./words";

const PAGE = 100;
/** A job with more is looked at through its list of executions. */
const MOST_PAGES = 10;

type Page<T> = { items: T[]; next_cursor?: string | null };
export type AllOf<T> = { items: T[]; isCut: boolean };

async function all<T>(
  page: (cursor: string | undefined) => Promise<{ data?: Page<T>; error?: unknown }>,
): Promise<AllOf<T>> {
  const items: T[] = [];
  let cursor: string | undefined;
  for (let pages = 0; pages < MOST_PAGES; pages++) {
    const { data, error } = await page(cursor);
    if (!data) throw problemOf(error);
    items.push(...data.items);
    cursor = data.next_cursor ?? undefined;
    if (!cursor) return { items, isCut: false };
  }
  return { items, isCut: true };
}

/** The stage runs, newest first. */
export function useStageRuns(jobId: number) {
  return useQuery({
    // Begins like the API's keys, so that live events make it outdated.
    queryKey: ["get", "/api/v1/jobs/{id}/stage-runs", jobId, "all"],
    queryFn: ({ signal }) =>
      all<StageRun>((cursor) =>
        client.GET("/api/v1/jobs/{id}/stage-runs", {
          signal,
          params: { path: { id: jobId }, query: { limit: PAGE, cursor } },
        }),
      ),
  });
}

/** The executions in stage runs of the job, newest first. */
export function useJobLogs(jobId: number) {
  return useQuery({
    queryKey: ["get", "/api/v1/jobs/{id}/hook-logs", jobId, "all"],
    queryFn: ({ signal }) =>
      all<LogItem>((cursor) =>
        client.GET("/api/v1/jobs/{id}/hook-logs", {
          signal,
          params: { path: { id: jobId }, query: { is_test: false, limit: PAGE, cursor } },
        }),
      ),
  });
}
