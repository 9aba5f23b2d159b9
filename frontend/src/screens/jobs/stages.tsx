/** The five stages of a job in the order of the pipeline, and their runs. */
import { Group, Skeleton, Text, UnstyledButton } from "@mantine/core";
import { useCallback, useMemo } from "react";
import { Link, useNavigate } from "react-router";
import type { Schemas } from "@/api/client";
import { EmptyState } from "@/parts/empty-state";
import { HOOK_POINTS, sayHookPoint } from "@/parts/hook-words";
import { sayStatus, ToneBadge, toneOf } from "@/parts/outcome";
import { ProblemAlert } from "@/parts/problem-alert";
import { Section } from "@/parts/section";
import { Ago, sayDuration } from "@/parts/time";
import { type Column, VirtualTable } from "@/parts/virtual-table";
import { fileName, inputOf, type LogItem } from "../executions/words";
import { useJobLogs, type useStageRuns } from "./data";
import classes from "./stages.module.css";
import { standOf, type StageRun, tookOf, VerdictBadge } from "./words";

type HookPoint = Schemas["HookPoint"];

export function Stages({
  jobId,
  runs,
  stage,
  onStage,
}: {
  jobId: number;
  runs: ReturnType<typeof useStageRuns>;
  stage: string | undefined;
  onStage: (stage: string | null) => void;
}) {
  const navigate = useNavigate();
  const open = useCallback(({ id }: StageRun) => void navigate(`/stage-runs/${id}`), [navigate]);
  const logs = useJobLogs(jobId, { brief: true });
  const files = useMemo(() => filesOf(logs.data?.items ?? []), [logs.data]);
  if (runs.error) return <ProblemAlert error={runs.error} onRetry={() => void runs.refetch()} />;
  if (!runs.data) return <Skeleton h={360} />;
  const all = runs.data.items;
  const shown = stage ? all.filter(({ hook_point }) => hook_point === stage) : all;
  return (
    <>
      <ol className={classes.stages} aria-label="Stages">
        {HOOK_POINTS.map(({ name }) => (
          <li key={name} className={classes.step}>
            <Stage
              point={name}
              runs={all.filter(({ hook_point }) => hook_point === name)}
              isChosen={stage === name}
              onChoose={() => onStage(stage === name ? null : name)}
            />
          </li>
        ))}
      </ol>
      <Section
        title={stage ? `Stage runs of ${stage}` : "Stage runs"}
        says={
          runs.data.isCut ? `The newest ${all.length.toLocaleString("en")}.` : "The newest first."
        }
      >
        {shown.length > 0 ? (
          <VirtualTable
            label="Stage runs"
            columns={columnsOf(files)}
            rows={shown}
            rowKey={({ id }) => id}
            toneOf={(run) => standOf(run).tone}
            onOpen={open}
          />
        ) : (
          <EmptyState title="No stage run yet">
            {stage
              ? `The pipeline has not asked for a verdict ${sayHookPoint(stage as HookPoint)}.`
              : "The pipeline asks for a verdict at each stage. It has not done so for this job."}
          </EmptyState>
        )}
      </Section>
    </>
  );
}

function Stage({
  point,
  runs,
  isChosen,
  onChoose,
}: {
  point: HookPoint;
  runs: readonly StageRun[];
  isChosen: boolean;
  onChoose: () => void;
}) {
  const last = runs[0];
  const halts = runs.filter(({ verdict }) => verdict === "halt").length;
  const warnings = runs.reduce((sum, run) => sum + run.warnings.length, 0);
  const said = [
    runs.length === 0 ? "not reached" : `${runs.length} ${runs.length === 1 ? "run" : "runs"}`,
    halts > 0 && `${halts} halted`,
    warnings > 0 && `${warnings} ${warnings === 1 ? "warning" : "warnings"}`,
  ].filter(Boolean);
  return (
    <UnstyledButton
      className={classes.stage}
      aria-pressed={isChosen}
      data-tone={last ? standOf(last).tone : undefined}
      data-empty={runs.length === 0 || undefined}
      onClick={onChoose}
    >
      <Text fz="sm" fw={600} className="mono" truncate>
        {point}
      </Text>
      <Text fz="xs" c="dimmed">
        {sayHookPoint(point)}
      </Text>
      <Group gap={8} className={classes.verdict}>
        {last ? (
          <VerdictBadge run={last} />
        ) : (
          <Text fz="sm" c="dimmed">
            –
          </Text>
        )}
      </Group>
      <Text fz="xs" c="dimmed" className="numbers">
        {said.join(", ")}
      </Text>
    </UnstyledButton>
  );
}

/** The file that each run was about, which its executions were told. */
function filesOf(logs: readonly LogItem[]): Map<string, string> {
  const files = new Map<string, string>();
  for (const log of logs) {
    const path = inputOf(log).segment_path;
    if (log.stage_run_id && path) files.set(log.stage_run_id, fileName(path));
  }
  return files;
}

function columnsOf(files: ReadonlyMap<string, string>): Column<StageRun>[] {
  return [
    { name: "Verdict", width: "130px", cell: (run) => <VerdictBadge run={run} /> },
    {
      name: "Stage",
      width: "164px",
      cell: (run) => (
        <Link className={classes.link} to={`/stage-runs/${run.id}`}>
          {run.hook_point}
        </Link>
      ),
    },
    {
      name: "File",
      width: "28%",
      cell: ({ id }) => (
        <Text fz="sm" truncate title={files.get(id)}>
          {files.get(id)}
        </Text>
      ),
    },
    { name: "Hooks", from: "md", cell: (run) => <Hooks run={run} /> },
    {
      name: "Took",
      width: "96px",
      align: "right",
      cell: (run) => {
        const took = tookOf(run);
        return <span className="numbers">{took === undefined ? "" : sayDuration(took)}</span>;
      },
    },
    {
      name: "Began",
      width: "116px",
      align: "right",
      from: "md",
      cell: ({ started_at }) => <Ago at={started_at} />,
    },
  ];
}

/** All went well: their number. Otherwise what did not. */
function Hooks({ run }: { run: StageRun }) {
  const bad = run.executions.filter(({ success, status }) => !success || status === "needs_review");
  const count = run.executions.length;
  return (
    <Group gap={6} wrap="nowrap" style={{ overflow: "hidden" }}>
      {bad.map(({ log_id, hook, status }) => (
        <Link key={log_id} to={`/executions/${log_id}`} className={classes.hook}>
          <ToneBadge tone={toneOf(status)}>
            {hook.name} {sayStatus(status)}
          </ToneBadge>
        </Link>
      ))}
      <Text fz="sm" c="dimmed" truncate className="numbers">
        {count - bad.length > 0 && `${count - bad.length} fine`}
        {run.not_run.length > 0 && `, ${run.not_run.length} not run`}
      </Text>
    </Group>
  );
}
