/** The metadata of a job as it grew, from hook to hook. */
import {
  Button,
  Grid,
  Group,
  ScrollArea,
  Skeleton,
  Stack,
  Text,
  UnstyledButton,
} from "@mantine/core";
import { IconChevronLeft, IconChevronRight } from "@tabler/icons-react";
import { useMemo } from "react";
import { Link } from "react-router";
import { ChangesView } from "@/parts/changes-view";
import { EmptyState } from "@/parts/empty-state";
import { JsonView } from "@/parts/json-view";
import { OutcomeMark } from "@/parts/outcome";
import { ProblemAlert } from "@/parts/problem-alert";
import { Section } from "@/parts/section";
import type { LogItem } from "../executions/words";
import { useJobLogs } from "./data";
import classes from "./metadata.module.css";
import { type Step, stepsOf } from "./steps";

export function MetadataGrowth({
  jobId,
  step,
  onStep,
}: {
  jobId: number;
  /** Which step the address names. */
  step: string | undefined;
  onStep: (step: string) => void;
}) {
  const logs = useJobLogs(jobId, { brief: false });
  const steps = useMemo(() => stepsOf(logs.data?.items ?? []), [logs.data]);
  if (logs.error) return <ProblemAlert error={logs.error} onRetry={() => void logs.refetch()} />;
  if (!logs.data) return <Skeleton h={480} />;
  // What somebody wants to see first is where it has come to.
  const named = steps.findIndex(({ key }) => key === step);
  const at = named >= 0 ? named : steps.length - 1;
  const shown = steps[at];
  if (!shown) {
    return (
      <EmptyState title="No metadata yet">
        Each stage begins with what the pipeline knows, and each hook adds to it. No hook has run
        for this job.
      </EmptyState>
    );
  }
  const go = (by: number) => {
    const next = steps[at + by];
    if (next) onStep(next.key);
  };
  return (
    <Grid gap="xl">
      <Grid.Col span={{ base: 12, md: 4 }}>
        <Group justify="space-between" mb="sm">
          <Text fz="sm" c="dimmed" className="numbers" role="status">
            Step {at + 1} of {steps.length}
            {logs.data.isCut && ", of the newest executions"}
          </Text>
          <Button.Group>
            <Button variant="default" size="xs" disabled={at === 0} onClick={() => go(-1)}>
              <IconChevronLeft size={14} aria-hidden /> Previous step
            </Button>
            <Button
              variant="default"
              size="xs"
              disabled={at === steps.length - 1}
              onClick={() => go(1)}
            >
              Next step <IconChevronRight size={14} aria-hidden />
            </Button>
          </Button.Group>
        </Group>
        <ScrollArea.Autosize mah={640} type="auto" className={classes.frame}>
          <ol className={classes.steps} aria-label="Steps">
            {steps.map((each) => (
              <StepItem key={each.key} step={each} isShown={each === shown} onChoose={onStep} />
            ))}
          </ol>
        </ScrollArea.Autosize>
      </Grid.Col>
      <Grid.Col span={{ base: 12, md: 8 }}>
        <Shown step={shown} />
      </Grid.Col>
    </Grid>
  );
}

function StepItem({
  step,
  isShown,
  onChoose,
}: {
  step: Step;
  isShown: boolean;
  onChoose: (key: string) => void;
}) {
  const { log, count } = step;
  return (
    <li className={log ? classes.hook : classes.given}>
      <UnstyledButton
        className={classes.step}
        aria-current={isShown ? "step" : undefined}
        onClick={() => onChoose(step.key)}
      >
        <span className={classes.name}>
          <Text component="span" fz="sm" fw={log ? 480 : 600} truncate display="block">
            {log ? log.hook.name : step.hookPoint}
          </Text>
          {!log && step.file && (
            <Text component="span" fz="xs" c="dimmed" truncate display="block">
              {step.file}
            </Text>
          )}
        </span>
        <Text component="span" fz="xs" c="dimmed" className="numbers">
          {count === 0 ? "no change" : `${count} ${count === 1 ? "change" : "changes"}`}
        </Text>
      </UnstyledButton>
    </li>
  );
}

function Shown({ step }: { step: Step }) {
  const { log } = step;
  return (
    <Stack gap="xl">
      <Section
        title={
          log ? `What ${log.hook.name} changed` : `What the pipeline brought to ${step.hookPoint}`
        }
        says={
          log ? (
            <Says log={log} isApplied={step.isApplied} />
          ) : (
            "Against what the stage before left."
          )
        }
      >
        <ChangesView
          label="Changes of this step"
          before={step.before}
          after={step.isApplied ? step.after : step.wanted}
          empty={log ? "This hook changed nothing." : "The same as the stage before left."}
        />
      </Section>
      <Section title="All of it, after this step">
        <JsonView label="Metadata" value={step.after} maxHeight={420} />
      </Section>
    </Stack>
  );
}

function Says({ log, isApplied }: { log: LogItem; isApplied: boolean }) {
  return (
    <Group gap={8}>
      <OutcomeMark status={log.status} />
      <Link to={`/executions/${log.id}`}>execution {log.id}</Link>
      {!isApplied && "It failed, so this was not applied."}
    </Group>
  );
}
