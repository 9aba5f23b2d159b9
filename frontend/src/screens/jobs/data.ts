/** What is on record of a job, and of one of its stage runs. */
import { useQuery } from "@tanstack/react-query";
import { client } from "@/api/client";
import { everyPage } from "@/api/every-page";
import { useGather } from "@/api/gather";
import { useBeganToHear, useHeard } from "@/api/live";
import { PAGES, queries } from "@/api/queries";
import type { LogItem } from "../executions/words";
import type { StageRun } from "./words";

const PAGE = 100;
/** A job with more is looked at through its list of executions. */
const MOST_PAGES = 10;

// Live events of other jobs do not have these asked for again: see below.
const RUNS = "/api/v1/jobs/{id}/stage-runs";
const LOGS = "/api/v1/jobs/{id}/hook-logs";
const RUN_LOGS = "/api/v1/hook-logs";

/** The stage runs, newest first. */
export function useStageRuns(jobId: number) {
  return useQuery({
    queryKey: [PAGES, RUNS, jobId],
    queryFn: ({ signal }) =>
      everyPage<StageRun>(MOST_PAGES, (cursor) =>
        client.GET(RUNS, {
          signal,
          params: { path: { id: jobId }, query: { limit: PAGE, cursor } },
        }),
      ),
  });
}

/** The executions in stage runs of the job, newest first. `brief` leaves out what is long. */
export function useJobLogs(jobId: number, { brief }: { brief: boolean }) {
  return useQuery({
    queryKey: [PAGES, LOGS, jobId, brief],
    queryFn: ({ signal }) =>
      everyPage<LogItem>(MOST_PAGES, (cursor) =>
        client.GET(LOGS, {
          signal,
          params: { path: { id: jobId }, query: { is_test: false, limit: PAGE, cursor, brief } },
        }),
      ),
  });
}

/** The executions of a stage run in brief, newest first. */
export function useRunLogs(runId: string) {
  return useQuery({
    queryKey: [PAGES, RUN_LOGS, runId],
    queryFn: ({ signal }) =>
      everyPage<LogItem>(MOST_PAGES, (cursor) =>
        client.GET(RUN_LOGS, {
          signal,
          params: { query: { stage_run_id: runId, limit: PAGE, cursor, brief: true } },
        }),
      ),
  });
}

/** Not oftener: a job may have many stage runs a second. */
const REFRESH_MS = 2_000;

/** Asks for the job's record again when something is told of this job. */
export function useJobRefresh(jobId: number) {
  const refresh = useGather<string>((routes) => {
    for (const route of routes) void queries.invalidateQueries({ queryKey: [PAGES, route, jobId] });
  }, REFRESH_MS);
  useHeard(({ event_name, data }) => {
    if (data.job_id !== jobId || event_name === "job_progress") return;
    if (event_name !== "stage_run_completed" && !event_name.startsWith("job_")) return;
    refresh(RUNS);
    refresh(LOGS);
  });
}

/** One hook after the other: a moment is enough to see each. */
const RUN_REFRESH_MS = 300;

/** Asks for the stage run and its executions again when something is told of it, or was perhaps missed. */
export function useRunRefresh(runId: string, isRunning: boolean) {
  const refresh = useGather<string>(() => {
    void queries.invalidateQueries({ queryKey: [PAGES, RUN_LOGS, runId] });
    void queries.invalidateQueries({ queryKey: ["get", "/api/v1/stage-runs/{id}"] });
  }, RUN_REFRESH_MS);
  useHeard(({ event_name, data }) => {
    if (data.stage_run_id === runId && event_name !== "hook_output") refresh(runId);
  });
  useBeganToHear(() => {
    if (isRunning) refresh(runId);
  });
}
