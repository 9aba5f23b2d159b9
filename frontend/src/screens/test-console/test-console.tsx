/** Trying a hook: an input, a run that is watched, and all that came of it. */
import {
  Anchor,
  Button,
  Grid,
  Group,
  Kbd,
  Paper,
  Skeleton,
  Stack,
  Text,
  Tooltip,
} from "@mantine/core";
import { IconBookmark, IconHistory, IconPlayerPlay, IconWand } from "@tabler/icons-react";
import { useCallback, useEffect, useMemo, useState } from "react";
import { Link, useSearchParams } from "react-router";
import { detailsAt, problemOf } from "@/api/problem";
import { useMay } from "@/api/session";
import { configOf, type Hook } from "@/parts/hook-words";
import { JsonEditor, parseJson, writeJson } from "@/parts/json-editor";
import { isMembers } from "@/parts/merge-patch";
import { ProblemAlert } from "@/parts/problem-alert";
import { Section } from "@/parts/section";
import { sayAgo, sayDuration } from "@/parts/time";
import { OutcomeSentence, ReportTabs } from "../executions/report";
import { useEventTypes, useLastRun, useNamedRun } from "./inputs";
import { LiveOutput } from "./live-output";
import { type Sample, sampleFor, sampleOf, tidied } from "./sample";
import { SaveCase, type TestCase } from "./save-case";
import { TestCases } from "./test-cases";
import { useTestRun } from "./use-test-run";

type Draft = { text: string; from: string; testCase?: TestCase };

/** What was typed, while the page is open: a look at another tab must not lose it. */
const drafts = new Map<number, Draft>();

export function TestConsole({ hook }: { hook: Hook }) {
  const named = Number(useSearchParams()[0].get("from")) || undefined;
  const last = useLastRun(hook.id);
  const again = useNamedRun(named);
  const events = useEventTypes(!hook.hook_point);
  if (last.isPending || events.isPending || (named !== undefined && again.isPending)) {
    return (
      <Grid gap="xl">
        <Grid.Col span={{ base: 12, lg: 6 }}>
          <Skeleton h={420} />
        </Grid.Col>
        <Grid.Col span={{ base: 12, lg: 6 }}>
          <Skeleton h={200} />
        </Grid.Col>
      </Grid>
    );
  }
  const sample = (): Draft => ({
    text: writeJson(sampleFor(hook, last.data ?? undefined, events.types)),
    from: "A sample for this hook",
  });
  const first: Draft = again.data
    ? { text: writeJson(sampleOf(again.data)), from: `The input of execution ${again.data.id}` }
    : (drafts.get(hook.id) ?? sample());
  return (
    <Console
      key={`${hook.id} ${named ?? ""}`}
      hook={hook}
      first={first}
      sample={sample}
      problem={again.error ?? last.error}
      lastRun={
        last.data
          ? () => ({
              text: writeJson(sampleOf(last.data!)),
              from: `The input of execution ${last.data!.id}, ${sayAgo(last.data!.executed_at, Date.now())}`,
            })
          : undefined
      }
    />
  );
}

function Console({
  hook,
  first,
  sample,
  lastRun,
  problem: loading,
}: {
  hook: Hook;
  first: Draft;
  sample: () => Draft;
  lastRun?: () => Draft;
  problem: unknown;
}) {
  const [draft, setDraft] = useState(first);
  const [saving, setSaving] = useState<{ replaced?: TestCase }>();
  const { run, isRunning, start, cancel } = useTestRun(hook.id);
  const mayRun = useMay("editor");
  useEffect(() => {
    drafts.set(hook.id, draft);
  }, [hook.id, draft]);

  const parsed = useMemo(() => parseJson(draft.text), [draft.text]);
  const input = useMemo(() => {
    const value = parsed.value ?? {};
    return isMembers(value) ? (value as Sample) : undefined;
  }, [parsed]);
  const problem = run?.error ? problemOf(run.error) : undefined;
  const wrong =
    parsed.error ?? (input === undefined ? "must be a JSON object" : detailsAt(problem, "/input"));
  const canRun = mayRun && !isRunning && parsed.error === undefined && input !== undefined;
  const go = useCallback(() => {
    if (canRun && input) void start(input);
  }, [canRun, input, start]);
  useRunKey(go, saving === undefined);

  return (
    <Grid gap="xl">
      <Grid.Col span={{ base: 12, lg: 6 }}>
        <Stack gap="xl">
          <Section
            title="Input"
            says={draft.from}
            actions={
              <>
                <Button
                  variant="subtle"
                  leftSection={<IconWand size={15} aria-hidden />}
                  onClick={() => setDraft(sample())}
                >
                  Sample
                </Button>
                {lastRun && (
                  <Tooltip label="What it was told last, tests left out">
                    <Button
                      variant="subtle"
                      leftSection={<IconHistory size={15} aria-hidden />}
                      onClick={() => setDraft(lastRun())}
                    >
                      Last real input
                    </Button>
                  </Tooltip>
                )}
              </>
            }
          >
            <ProblemAlert error={loading} />
            <JsonEditor
              label="Test input"
              isLabelHidden
              value={draft.text}
              onChange={(text) => {
                if (text !== draft.text) setDraft({ ...draft, text, from: edited(draft.from) });
              }}
              error={wrong}
              minHeight={260}
              maxHeight={520}
            />
            <Group justify="space-between">
              <Group gap="sm">
                <Button
                  leftSection={<IconPlayerPlay size={16} aria-hidden />}
                  rightSection={<Kbd size="xs">Ctrl ⏎</Kbd>}
                  disabled={!canRun}
                  onClick={go}
                >
                  Run
                </Button>
                <Button
                  variant="default"
                  leftSection={<IconBookmark size={15} aria-hidden />}
                  disabled={!mayRun || input === undefined || parsed.error !== undefined}
                  onClick={() => setSaving({})}
                >
                  Save as test case
                </Button>
              </Group>
            </Group>
            <Hint hook={hook} mayRun={mayRun} />
          </Section>
          <TestCases
            hookId={hook.id}
            mayRun={mayRun}
            loaded={draft.testCase}
            onLoad={(testCase) =>
              setDraft({
                text: writeJson(tidied(testCase.input)),
                from: `The test case ${testCase.name}`,
                testCase,
              })
            }
            onEdit={(replaced) => setSaving({ replaced })}
          />
        </Stack>
      </Grid.Col>
      <Grid.Col span={{ base: 12, lg: 6 }}>
        <Section
          title="Outcome"
          says={
            run?.log && (
              <>
                {run.log.exit_code !== null && run.log.exit_code !== undefined
                  ? `Exit code ${run.log.exit_code}, `
                  : ""}
                {sayDuration(run.log.duration_ms)}, on record as{" "}
                <Anchor
                  component={Link}
                  to={`/executions/${run.log.id}`}
                  fz="sm"
                  underline="always"
                >
                  execution {run.log.id}
                </Anchor>
              </>
            )
          }
        >
          {!run && (
            <Paper p="xl" c="dimmed" fz="sm" bg="transparent" style={{ borderStyle: "dashed" }}>
              Run the hook, and see here what it prints, how it ends, what it answers, what it would
              change in the metadata, and what it uses of its limits.
            </Paper>
          )}
          {run && isRunning && <LiveOutput run={run} cancel={cancel} />}
          {problem && <ProblemAlert error={problem} known={["/input"]} />}
          {run?.log && (
            <Stack gap="lg" role="status" aria-label="How it ended">
              <OutcomeSentence log={run.log} />
              <ReportTabs key={run.executionId} log={run.log} />
            </Stack>
          )}
        </Section>
      </Grid.Col>
      {saving && input && (
        <SaveCase
          hookId={hook.id}
          input={input}
          replaced={saving.replaced}
          lastStatus={run?.log?.status}
          onSaved={(testCase) =>
            setDraft({ ...draft, from: `The test case ${testCase.name}`, testCase })
          }
          onClose={() => setSaving(undefined)}
        />
      )}
    </Grid>
  );
}

const edited = (from: string): string => (from.endsWith(", edited") ? from : `${from}, edited`);

function Hint({ hook, mayRun }: { hook: Hook; mayRun: boolean }) {
  const grants = configOf(hook).grants as { segment?: string | null } | undefined;
  return (
    <Text fz="xs" c="dimmed">
      {!mayRun && "To run a hook takes the role editor. "}
      The hook really runs, and is told that it is a dry run. No job and no metadata is touched.
      {grants?.segment && " segment_path must name a file below a media root of the server."}
    </Text>
  );
}

/** Ctrl+Enter, also in the editor, where it would begin a line. */
function useRunKey(go: () => void, isOn: boolean) {
  useEffect(() => {
    if (!isOn) return;
    const onKey = (event: KeyboardEvent) => {
      if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
      if (event.target instanceof Element && event.target.closest("[role=dialog]")) return;
      event.preventDefault();
      event.stopPropagation();
      go();
    };
    window.addEventListener("keydown", onKey, { capture: true });
    return () => window.removeEventListener("keydown", onKey, { capture: true });
  }, [go, isOn]);
}
