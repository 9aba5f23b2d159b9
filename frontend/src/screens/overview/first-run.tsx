/** The first three steps, each of which really does something, until all are done. */
import {
  Alert,
  Anchor,
  Button,
  Code,
  Group,
  Paper,
  Stack,
  Text,
  TextInput,
  Title,
} from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { IconCheck } from "@tabler/icons-react";
import { type ReactNode, useState } from "react";
import { Link } from "react-router";
import { api, client, type Schemas } from "@/api/client";
import { detailsAt, problemOf } from "@/api/problem";
import { outdated } from "@/api/queries";
import { useMay, useSession } from "@/api/session";
import { Outcome } from "@/parts/outcome";
import { ProblemAlert } from "@/parts/problem-alert";
import classes from "./first-run.module.css";
import { FIRST_HOOK, FIRST_SCRIPT, FIRST_SCRIPT_PATH } from "./first-hook";

const ONE = { params: { query: { limit: 1 } } };

/** How far a studio has come; asked only where nothing ran in the window. */
export function useFirstRun(mayBeNew: boolean) {
  const options = { enabled: mayBeNew };
  const projects = api.useQuery("get", "/api/v1/projects", ONE, options);
  const hooks = api.useQuery("get", "/api/v1/hooks", ONE, options);
  const logs = api.useQuery("get", "/api/v1/hook-logs", ONE, options);
  const asked = [projects, hooks, logs];
  const [project, hook, log] = asked.map(({ data }) => data?.items[0]);
  return {
    isPending: mayBeNew && asked.some(({ isPending }) => isPending),
    isNeeded: mayBeNew && asked.every(({ data }) => data) && !(project && hook && log),
    project: project as Schemas["Project"] | undefined,
    hook: hook as Schemas["HookShown"] | undefined,
    hasRun: log !== undefined,
  };
}

export function FirstRun({
  steps,
  onDone,
}: {
  steps: ReturnType<typeof useFirstRun>;
  onDone: () => void;
}) {
  const role = useSession().data?.role;
  const mayAll = useMay("editor");
  return (
    <Stack maw={760} gap="lg">
      <div>
        <Title order={2}>Three steps to the first hook that runs</Title>
        <Text c="dimmed" fz="sm" mt={4}>
          A hook is what to run, and what triggers it. Your pipeline asks at each stage which hooks
          apply, and whether it may go on.
        </Text>
      </div>
      {!mayAll && (
        <Alert color="gray">
          You are signed in as {role}. Whoever is editor or admin takes these steps.
        </Alert>
      )}
      <ol className={classes.steps}>
        <Step number={1} title="Create a project" isDone={steps.project !== undefined}>
          {steps.project ? (
            <Text fz="sm">{steps.project.name} is there.</Text>
          ) : (
            <CreateProject isAllowed={mayAll} />
          )}
        </Step>
        <Step
          number={2}
          title="Make the first hook from a template"
          isDone={steps.hook !== undefined}
        >
          {steps.hook ? (
            <Text fz="sm">
              <Link to={`/hooks/${steps.hook.id}`}>{steps.hook.name}</Link> is there.
            </Text>
          ) : (
            <MakeHook isAllowed={mayAll} />
          )}
        </Step>
        <Step number={3} title="Run it" isDone={steps.hasRun}>
          <RunIt hook={steps.hook} isAllowed={mayAll} />
        </Step>
      </ol>
      {!steps.isNeeded && !steps.isPending && (
        <Group justify="space-between">
          <Text fz="sm">That is all. Your pipeline asks for the same over HTTP at each stage.</Text>
          <Button onClick={onDone}>Show the overview</Button>
        </Group>
      )}
    </Stack>
  );
}

function Step({
  number,
  title,
  isDone,
  children,
}: {
  number: number;
  title: string;
  isDone: boolean;
  children: ReactNode;
}) {
  return (
    <li>
      <Paper className={classes.step} data-done={isDone || undefined}>
        <span className={classes.number} aria-hidden>
          {isDone ? <IconCheck size={16} stroke={2.4} /> : number}
        </span>
        <Stack gap={8} flex={1} miw={0}>
          <Title order={3}>
            {title}
            {isDone && <span className={classes.done}>done</span>}
          </Title>
          {children}
        </Stack>
      </Paper>
    </li>
  );
}

function CreateProject({ isAllowed }: { isAllowed: boolean }) {
  const [name, setName] = useState("");
  const create = api.useMutation("post", "/api/v1/projects", {
    onSuccess: () => outdated("/projects"),
  });
  const problem = create.error ? problemOf(create.error) : undefined;
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        create.mutate({ body: { name: name.trim() } });
      }}
    >
      <Group align="flex-start" gap="xs">
        <TextInput
          aria-label="Name of the project"
          placeholder="Nightfall"
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          error={detailsAt(problem, "/name") ?? problem?.detail}
          disabled={!isAllowed}
          w={260}
        />
        <Button
          type="submit"
          disabled={!isAllowed || name.trim() === ""}
          loading={create.isPending}
        >
          Create
        </Button>
      </Group>
    </form>
  );
}

function MakeHook({ isAllowed }: { isAllowed: boolean }) {
  const make = useMutation({
    mutationFn: async () => {
      const pushed = await client.PUT("/api/v1/scripts/{path}", {
        params: { path: { path: FIRST_SCRIPT_PATH } },
        body: FIRST_SCRIPT as never,
        bodySerializer: (body: unknown) => body as string,
        headers: { "Content-Type": "application/octet-stream" },
      });
      if (!pushed.data) throw problemOf(pushed.error);
      const made = await client.POST("/api/v1/hooks", { body: FIRST_HOOK });
      if (!made.data) throw problemOf(made.error);
    },
    onSuccess: () => outdated("/hooks", "/scripts"),
  });
  return (
    <>
      <Text fz="sm">
        A shell script that says which file it was asked about and notes it in the stage's metadata.
        It runs after each segment, and only warns when it fails.
      </Text>
      <Code block>{FIRST_SCRIPT}</Code>
      <ProblemAlert error={make.error} />
      <Group gap="md">
        <Button onClick={() => make.mutate()} loading={make.isPending} disabled={!isAllowed}>
          Make this hook
        </Button>
        <Anchor component={Link} to="/hooks/new" fz="sm">
          Or make one of your own
        </Anchor>
      </Group>
    </>
  );
}

function RunIt({ hook, isAllowed }: { hook?: Schemas["HookShown"]; isAllowed: boolean }) {
  const run = api.useMutation("post", "/api/v1/hooks/{id}/test", {
    onSettled: () => outdated("/hook-logs"),
  });
  return (
    <>
      <Text fz="sm">
        A test run, with a sample instead of a job. Everything it says is on record.
      </Text>
      <ProblemAlert error={run.error} />
      {run.data && (
        <Group gap="sm">
          <Outcome status={run.data.status} />
          <Text fz="sm">{run.data.result?.message ?? run.data.error}</Text>
          <Link to={`/executions/${"id" in run.data ? String(run.data.id) : ""}`}>Look at it</Link>
        </Group>
      )}
      <Group>
        <Button
          onClick={() =>
            hook &&
            run.mutate({
              params: { path: { id: hook.id } },
              body: { input: { segment_path: null, event: null, job_id: null } },
            })
          }
          loading={run.isPending}
          disabled={!hook || !isAllowed}
        >
          Run it
        </Button>
      </Group>
    </>
  );
}
