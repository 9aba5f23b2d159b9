import { Alert, Anchor, Button, List, Skeleton, Stack } from "@mantine/core";
import { IconAlertTriangle, IconHandStop, IconPlayerStop } from "@tabler/icons-react";
import { useEffect, useState } from "react";
import { Link, useParams } from "react-router";
import { api, client } from "@/api/client";
import { problemOf } from "@/api/problem";
import { outdated } from "@/api/queries";
import { useMay } from "@/api/session";
import { AwaitedPage } from "@/parts/awaited-page";
import { BackLink } from "@/parts/back-link";
import { ChangesView } from "@/parts/changes-view";
import { Confirm } from "@/parts/confirm";
import { sayHookPoint } from "@/parts/hook-words";
import { JsonView } from "@/parts/json-view";
import { isKnown } from "@/parts/known";
import { isMembers, type Json } from "@/parts/merge-patch";
import { Page } from "@/parts/page";
import { Section } from "@/parts/section";
import { Ago, sayDuration } from "@/parts/time";
import { fileName, type HookInput, inputOf, type LogItem } from "../executions/words";
import { useRunLogs, useRunRefresh } from "./data";
import { type Row, Timeline } from "./timeline";
import { halterOf, nameOf, standOf, type StageRun, tookOf, VerdictBadge } from "./words";

/** One call of a stage's hooks: who ran when, what came of it, what did not run. */
export function Component() {
  const id = useParams().id ?? "";
  const query = api.useQuery("get", "/api/v1/stage-runs/{id}", { params: { path: { id } } });
  const logs = useRunLogs(id);
  useRunRefresh(id, !query.data || query.data.status === "running");
  if (query.data) {
    // Newest first, as all logs are.
    const inOrder = [...(logs.data?.items ?? [])].reverse();
    return <Shown run={query.data} logs={inOrder} isPending={logs.isPending} />;
  }
  return (
    <AwaitedPage
      what="Stage run"
      query={query}
      gone="Its address may be mistyped, or it is no longer kept."
    />
  );
}

function Shown({
  run,
  logs,
  isPending,
}: {
  run: StageRun;
  logs: readonly LogItem[];
  isPending: boolean;
}) {
  const job = api.useQuery("get", "/api/v1/jobs/{id}", {
    params: { path: { id: run.job_id } },
  }).data;
  const isRunning = run.status === "running";
  const elapsed = useElapsed(run.started_at, isRunning);
  const planned = usePlanned(run, job?.project_id, job?.scene_type_id);
  const first = useFirstInput(logs);
  const jobName = job ? nameOf(job) : `Job ${run.job_id}`;
  const totalMs = tookOf(run) ?? elapsed;
  return (
    <Page
      title={run.hook_point}
      documentTitle={`${run.hook_point} of ${jobName}`}
      before={<BackLink to={`/jobs/${run.job_id}`}>{jobName}</BackLink>}
      subtitle={
        <div style={{ display: "flex", gap: 10, alignItems: "center", flexWrap: "wrap" }}>
          <VerdictBadge run={run} />
          <span className="numbers">
            {sayHookPoint(run.hook_point)}
            {first?.segment_path && ` · ${fileName(first.segment_path)}`} · began{" "}
            <Ago at={run.started_at} /> ·{" "}
            {isRunning ? `at work for ${sayDuration(elapsed)}` : `took ${sayDuration(totalMs)}`}
          </span>
        </div>
      }
      actions={isRunning && <Cancel run={run} />}
    >
      <Halted run={run} needsReview={job?.needs_review ?? false} />
      {run.warnings.length > 0 && (
        <Alert
          color="orange"
          icon={<IconAlertTriangle size={18} />}
          title={run.warnings.length === 1 ? "A warning" : `${run.warnings.length} warnings`}
        >
          <List fz="sm">
            {run.warnings.map((warning, at) => (
              <List.Item key={at}>{warning}</List.Item>
            ))}
          </List>
        </Alert>
      )}
      <Section title="Timeline" says={sayWaiting(run, logs)}>
        {isPending ? (
          <Skeleton h={180} />
        ) : (
          <Timeline
            rows={rowsOf(run, logs, planned, elapsed)}
            startedAt={run.started_at}
            totalMs={totalMs}
          />
        )}
      </Section>
      <Stack gap="xl" mt="md">
        <Section
          title="What the hooks changed"
          says="The metadata at the end, against what the pipeline brought."
        >
          {isPending || (logs.length > 0 && !first) ? (
            <Skeleton h={120} />
          ) : (
            <ChangesView
              label="Changes of the metadata"
              before={first?.metadata ?? metadataOf(run)}
              after={metadataOf(run)}
              empty="The hooks changed nothing in the metadata."
            />
          )}
        </Section>
        <Section title="Metadata that the pipeline goes on with">
          <JsonView label="Metadata" value={run.metadata} maxHeight={420} />
        </Section>
      </Stack>
    </Page>
  );
}

/** What the pipeline brought, which the first hook was told; asked for where it is long. */
function useFirstInput([first]: readonly LogItem[]): HookInput | undefined {
  const isLong = isKnown(first?.left_out?.input);
  const whole = api.useQuery(
    "get",
    "/api/v1/hook-logs/{id}",
    { params: { path: { id: first?.id ?? 0 } } },
    { enabled: isLong, staleTime: Number.POSITIVE_INFINITY },
  );
  const log = isLong ? whole.data : first;
  return log && inputOf(log);
}

const metadataOf = (run: StageRun): Json => {
  const metadata = run.metadata as unknown as Json;
  return isMembers(metadata) ? metadata : {};
};

function sayWaiting(run: StageRun, logs: readonly LogItem[]): string | undefined {
  const took = tookOf(run);
  if (took === undefined || logs.length === 0) return undefined;
  const slowest = logs.reduce((most, log) => (log.duration_ms > most.duration_ms ? log : most));
  const share = Math.round((100 * slowest.duration_ms) / Math.max(1, took));
  if (logs.length === 1) return "One hook after the other; here there was one.";
  return `One hook after the other. The pipeline waited longest for ${slowest.hook.name}: ${Math.min(100, share)} % of the time.`;
}

function Halted({ run, needsReview }: { run: StageRun; needsReview: boolean }) {
  const halter = halterOf(run);
  if (run.verdict !== "halt") return null;
  return (
    <Alert color="red" icon={<IconHandStop size={18} />} title="This run halted the job">
      {halter ? (
        <>
          <Anchor
            component={Link}
            to={`/executions/${halter.log_id}`}
            fz="sm"
            c="inherit"
            underline="always"
          >
            {halter.hook.name}
          </Anchor>
          : {halter.error ?? halter.result?.message ?? halter.status}
        </>
      ) : (
        "A hook halted it."
      )}{" "}
      {needsReview && (
        <Anchor component={Link} to={`/jobs/${run.job_id}`} fz="sm" c="inherit" underline="always">
          Review the job
        </Anchor>
      )}
    </Alert>
  );
}

/** What has run, and what has not and why, in the order of the plan. */
function rowsOf(
  run: StageRun,
  logs: readonly LogItem[],
  planned: readonly string[],
  elapsedMs: number,
): Row[] {
  const rows: Row[] = logs.map((log) => ({ kind: "ran", log }));
  if (run.status === "running") {
    const last = logs[logs.length - 1];
    const sinceMs = last
      ? new Date(last.executed_at).getTime() + last.duration_ms - new Date(run.started_at).getTime()
      : 0;
    planned.slice(logs.length).forEach((name, at) => {
      rows.push(
        at === 0
          ? { kind: "at work", name, sinceMs: Math.min(sinceMs, elapsedMs) }
          : { kind: "waits", name },
      );
    });
    return rows;
  }
  const halter = halterOf(run);
  const why = halter
    ? `${halter.hook.name} had halted the stage`
    : `the run was ${standOf(run).says} before`;
  for (const hook of run.not_run) rows.push({ kind: "not run", name: hook.name, why });
  return rows;
}

/** While it runs, the plan is what is in effect there now. */
function usePlanned(run: StageRun, project?: number, sceneType?: number | null): string[] {
  const scope = sceneType
    ? { scope_type: "scene_type" as const, scope_id: sceneType }
    : { scope_type: "project" as const, scope_id: project ?? 0 };
  const effective = api.useQuery(
    "get",
    "/api/v1/hooks/effective/{scope_type}/{scope_id}",
    { params: { path: scope, query: { hook_point: run.hook_point } } },
    { enabled: run.status === "running" && project !== undefined },
  );
  return effective.data?.effective.map(({ name }) => name) ?? [];
}

const TICK_MS = 250;

function useElapsed(startedAt: string, isRunning: boolean): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    if (!isRunning) return;
    const timer = window.setInterval(() => setNow(Date.now()), TICK_MS);
    return () => window.clearInterval(timer);
  }, [isRunning]);
  return Math.max(0, now - new Date(startedAt).getTime());
}

function Cancel({ run }: { run: StageRun }) {
  const [isAsked, setAsked] = useState(false);
  const may = useMay("pipeline");
  if (!may) return null;
  return (
    <>
      <Button
        variant="default"
        leftSection={<IconPlayerStop size={16} aria-hidden />}
        onClick={() => setAsked(true)}
      >
        Cancel the run
      </Button>
      {isAsked && (
        <Confirm
          title="Cancel this stage run"
          says="The hook at work is ended, and no further one begins. The pipeline gets no verdict from this run."
          action="Cancel it"
          onConfirm={async () => {
            const { error } = await client.POST("/api/v1/stage-runs/{id}/cancel", {
              params: { path: { id: run.id } },
            });
            if (error) throw problemOf(error);
            outdated("/stage-runs", "/jobs");
          }}
          onClose={() => setAsked(false)}
        />
      )}
    </>
  );
}
