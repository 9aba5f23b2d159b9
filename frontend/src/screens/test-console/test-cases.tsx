/** Inputs that are kept with a hook, each with what is expected of it. */
import { ActionIcon, Anchor, Button, Group, Skeleton, Table, Text, Tooltip } from "@mantine/core";
import { IconCheck, IconPencil, IconPlayerPlay, IconTrash, IconX } from "@tabler/icons-react";
import { useEffect, useRef, useState } from "react";
import { Link } from "react-router";
import { api, client } from "@/api/client";
import { problemOf } from "@/api/problem";
import { outdated } from "@/api/queries";
import { Confirm } from "@/parts/confirm";
import { sayStatus, ToneBadge } from "@/parts/outcome";
import { ProblemAlert } from "@/parts/problem-alert";
import { Section } from "@/parts/section";
import { sayDuration } from "@/parts/time";
import type { LogItem } from "../executions/words";
import type { TestCase } from "./save-case";
import { tidied } from "./sample";
import { testHook } from "./use-test-run";

type Tried = { log?: LogItem; error?: unknown; isRunning?: boolean };

export function TestCases({
  hookId,
  mayRun,
  loaded,
  onLoad,
  onEdit,
}: {
  hookId: number;
  mayRun: boolean;
  /** The one in the editor. */
  loaded?: TestCase;
  onLoad: (testCase: TestCase) => void;
  /** Takes what is in the editor for it. */
  onEdit: (testCase: TestCase) => void;
}) {
  const cases = api.useQuery("get", "/api/v1/hooks/{id}/test-cases", {
    params: { path: { id: hookId } },
  });
  const [tried, setTried] = useState<Readonly<Record<number, Tried>>>({});
  const [isBusy, setBusy] = useState(false);
  const [deleted, setDeleted] = useState<TestCase>();
  const isStopped = useRef(false);
  // The rest is not run behind somebody's back.
  useEffect(
    () => () => {
      isStopped.current = true;
    },
    [],
  );

  const tryOne = async ({ id, input }: TestCase) => {
    setTried((all) => ({ ...all, [id]: { isRunning: true } }));
    const outcome: Tried = await testHook(hookId, tidied(input)).then(
      (log) => ({ log }),
      (error: unknown) => ({ error }),
    );
    setTried((all) => ({ ...all, [id]: outcome }));
  };
  const items = cases.data?.items ?? [];
  const tryAll = async () => {
    setBusy(true);
    isStopped.current = false;
    setTried({});
    // One after the other, as a stage would: together they would be in each other's way.
    for (const testCase of items) {
      if (isStopped.current) break;
      await tryOne(testCase);
    }
    setBusy(false);
  };
  const done = items.filter(({ id }) => tried[id]?.log ?? tried[id]?.error);
  const passed = done.filter((testCase) => isAsExpected(testCase, tried[testCase.id]));
  return (
    <Section
      title="Test cases"
      says={
        done.length > 0 ? (
          <span role="status">
            {passed.length} of {done.length} ended as expected
            {done.length < items.length && `, ${items.length - done.length} not run`}
          </span>
        ) : undefined
      }
      actions={
        items.length > 0 && (
          <Button
            variant="default"
            leftSection={<IconPlayerPlay size={15} aria-hidden />}
            disabled={!mayRun}
            onClick={() => {
              if (isBusy) isStopped.current = true;
              else void tryAll();
            }}
          >
            {isBusy ? "Stop after this one" : "Run all"}
          </Button>
        )
      }
    >
      <ProblemAlert error={cases.error} onRetry={() => void cases.refetch()} />
      {cases.isPending && <Skeleton h={40} />}
      {cases.data && items.length === 0 && (
        <Text fz="sm" c="dimmed">
          None yet. Save an input with what you expect of it, and run all of them after each change
          of the hook.
        </Text>
      )}
      {items.length > 0 && (
        <Table aria-label="Test cases" highlightOnHover={false}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Name</Table.Th>
              <Table.Th w={110}>Expected</Table.Th>
              <Table.Th w={170}>Last try</Table.Th>
              <Table.Th w={116}>
                <span style={{ position: "absolute", left: -9999 }}>Actions</span>
              </Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {items.map((testCase) => (
              <Table.Tr
                key={testCase.id}
                bg={loaded?.id === testCase.id ? "var(--mantine-primary-color-light)" : undefined}
              >
                <Table.Td>
                  <Anchor
                    component="button"
                    type="button"
                    fz="sm"
                    ta="left"
                    style={{ overflowWrap: "anywhere" }}
                    onClick={() => onLoad(testCase)}
                    aria-label={`Load ${testCase.name}`}
                  >
                    {testCase.name}
                  </Anchor>
                </Table.Td>
                <Table.Td>
                  {testCase.expected_status ? sayStatus(testCase.expected_status) : "anything"}
                </Table.Td>
                <Table.Td>
                  <LastTry testCase={testCase} tried={tried[testCase.id]} />
                </Table.Td>
                <Table.Td>
                  <Group gap={2} wrap="nowrap" justify="flex-end">
                    <Act
                      label={`Run ${testCase.name}`}
                      isDisabled={!mayRun || isBusy || tried[testCase.id]?.isRunning === true}
                      onClick={() => void tryOne(testCase)}
                    >
                      <IconPlayerPlay size={16} />
                    </Act>
                    <Act
                      label={`Change ${testCase.name} to what is in the editor`}
                      isDisabled={!mayRun}
                      onClick={() => onEdit(testCase)}
                    >
                      <IconPencil size={16} />
                    </Act>
                    <Act
                      label={`Delete ${testCase.name}`}
                      isDisabled={!mayRun}
                      onClick={() => setDeleted(testCase)}
                    >
                      <IconTrash size={16} />
                    </Act>
                  </Group>
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      )}
      {deleted && (
        <Confirm
          title="Delete this test case"
          says={`The test case ${deleted.name} is gone then. What it ran stays on record.`}
          action="Delete it"
          onConfirm={async () => {
            const { error } = await client.DELETE("/api/v1/hooks/{id}/test-cases/{case_id}", {
              params: { path: { id: hookId, case_id: deleted.id } },
            });
            if (error) throw problemOf(error);
            outdated("/hooks/{id}/test-cases");
          }}
          onClose={() => setDeleted(undefined)}
        />
      )}
    </Section>
  );
}

function isAsExpected({ expected_status }: TestCase, tried: Tried | undefined): boolean {
  return tried?.log !== undefined && (!expected_status || tried.log.status === expected_status);
}

function LastTry({ testCase, tried }: { testCase: TestCase; tried: Tried | undefined }) {
  if (!tried)
    return (
      <Text fz="sm" c="dimmed" component="span">
        not run here
      </Text>
    );
  if (tried.isRunning)
    return (
      <Text fz="sm" component="span">
        running
      </Text>
    );
  const { log } = tried;
  if (!log) {
    return (
      <Tooltip label={problemOf(tried.error).detail}>
        <span>
          <ToneBadge tone="bad" icon={IconX}>
            refused
          </ToneBadge>
        </span>
      </Tooltip>
    );
  }
  const isGood = isAsExpected(testCase, tried);
  return (
    <Group gap={8} wrap="nowrap">
      <ToneBadge tone={isGood ? "good" : "bad"} icon={isGood ? IconCheck : IconX}>
        {isGood ? "as expected" : sayStatus(log.status)}
      </ToneBadge>
      <Anchor component={Link} to={`/executions/${log.id}`} fz="xs" className="numbers">
        {sayDuration(log.duration_ms)}
      </Anchor>
    </Group>
  );
}

function Act({
  label,
  isDisabled,
  onClick,
  children,
}: {
  label: string;
  isDisabled: boolean;
  onClick: () => void;
  children: React.ReactNode;
}) {
  return (
    <Tooltip label={label}>
      <ActionIcon
        variant="subtle"
        color="gray"
        aria-label={label}
        disabled={isDisabled}
        onClick={onClick}
      >
        {children}
      </ActionIcon>
    </Tooltip>
  );
}
