/** One execution in full: its outcome in a sentence, and all that is known of it. */
import { Stack, Tabs, Text } from "@mantine/core";
import { useState } from "react";
import { useLocation } from "react-router";
import { ChangesView } from "@/parts/changes-view";
import { JsonView } from "@/parts/json-view";
import { targetOf } from "@/parts/lines/lines-view";
import { LogView } from "@/parts/log-view";
import { patched } from "@/parts/merge-patch";
import { iconOf, toneOf } from "@/parts/outcome";
import { Section } from "@/parts/section";
import classes from "./report.module.css";
import { ResultView } from "./result";
import { UsageView } from "./usage";
import {
  inputOf,
  isPatchApplied,
  type LogItem,
  patchOf,
  sayConsequence,
  sayOutcome,
} from "./words";

const TABS = ["output", "result", "metadata", "usage", "input"] as const;
export type ReportTab = (typeof TABS)[number];

/** On which of the tabs the line is that the address names. */
const TAB_OF_TEXT: Record<string, ReportTab> = {
  stdout: "output",
  stderr: "output",
  input: "input",
  result: "result",
};

export function isReportTab(tab: string | undefined): tab is ReportTab {
  return TABS.includes(tab as ReportTab);
}

export function OutcomeSentence({ log }: { log: LogItem }) {
  const consequence = sayConsequence(log);
  const Icon = iconOf(log.status);
  return (
    <div
      className={classes.outcome}
      data-tone={toneOf(log.status)}
      role="group"
      aria-label="Outcome"
    >
      <Icon className={classes.icon} size={22} stroke={2.2} aria-hidden />
      <div className={classes.words}>
        <div className={classes.sentence}>{sayOutcome(log)}</div>
        {consequence && (
          <Text fz="sm" c="dimmed" mt={2}>
            {consequence}
          </Text>
        )}
      </div>
    </div>
  );
}

/** What one wants to see first of it. */
function firstTab(log: LogItem): ReportTab {
  if (!log.success && (log.stderr !== "" || log.stdout !== "")) return "output";
  if (log.result) return "result";
  return "output";
}

/** The tabs below the sentence; `tab` and `onTab` where the address has the tab. */
export function ReportTabs({
  log,
  tab,
  onTab,
  order = 3,
}: {
  log: LogItem;
  tab?: ReportTab;
  onTab?: (tab: ReportTab) => void;
  /** Of the headings in it. */
  order?: 2 | 3;
}) {
  const { hash } = useLocation();
  const [own, setOwn] = useState<ReportTab>();
  const named = TAB_OF_TEXT[targetOf(hash)?.name ?? ""];
  // Until another tab is chosen, the address decides; and what failed shows why.
  const shown = tab ?? own ?? named ?? firstTab(log);
  const patch = patchOf(log);
  const annotations = log.result?.annotations?.length ?? 0;
  return (
    <Tabs
      value={shown}
      onChange={(next) => {
        if (!isReportTab(next ?? undefined)) return;
        setOwn(next as ReportTab);
        onTab?.(next as ReportTab);
      }}
      keepMounted={false}
    >
      <Tabs.List mb="md">
        <Tabs.Tab value="output">Output</Tabs.Tab>
        <Tabs.Tab value="result">
          Result{annotations > 0 && <span className="numbers"> ({annotations})</span>}
        </Tabs.Tab>
        <Tabs.Tab value="metadata">Metadata</Tabs.Tab>
        <Tabs.Tab value="usage">Usage</Tabs.Tab>
        <Tabs.Tab value="input">Input</Tabs.Tab>
      </Tabs.List>
      <Tabs.Panel value="output">
        <OutputView log={log} />
      </Tabs.Panel>
      <Tabs.Panel value="result">
        <ResultView result={log.result} order={order} />
      </Tabs.Panel>
      <Tabs.Panel value="metadata">
        <MetadataView log={log} hasPatch={patch !== undefined} order={order} />
      </Tabs.Panel>
      <Tabs.Panel value="usage">
        <UsageView log={log} />
      </Tabs.Panel>
      <Tabs.Panel value="input">
        <JsonView
          label="Input"
          name="input"
          value={log.input ?? undefined}
          fileName={`execution-${log.id}-input.json`}
          empty="Its input is no longer kept."
          maxHeight={640}
        />
      </Tabs.Panel>
    </Tabs>
  );
}

function OutputView({ log }: { log: LogItem }) {
  const isAnswer = log.hook_type === "webhook";
  const stdout = (
    <LogView
      key="stdout"
      name="stdout"
      label={isAnswer ? "Answer" : "stdout"}
      text={log.stdout}
      droppedBytes={log.usage.stdout_dropped_bytes}
      fileName={`execution-${log.id}-stdout.log`}
    />
  );
  if (isAnswer && log.stderr === "") return stdout;
  const stderr = (
    <LogView
      key="stderr"
      name="stderr"
      text={log.stderr}
      droppedBytes={log.usage.stderr_dropped_bytes}
      fileName={`execution-${log.id}-stderr.log`}
    />
  );
  // What failed says why on stderr.
  return <Stack gap="md">{log.success ? [stdout, stderr] : [stderr, stdout]}</Stack>;
}

function MetadataView({ log, hasPatch, order }: { log: LogItem; hasPatch: boolean; order: 2 | 3 }) {
  const before = inputOf(log).metadata ?? {};
  const patch = patchOf(log);
  const isApplied = isPatchApplied(log);
  const after = patch === undefined ? before : patched(before, patch);
  const says = !hasPatch
    ? undefined
    : !isApplied
      ? "This was not applied: what a hook that failed patches does not count."
      : log.is_test
        ? "This is what a stage run would have. A test changes nothing."
        : "The hooks after it, and the pipeline, have it like this.";
  return (
    <Stack gap="xl">
      <Section title="What the hook changed" order={order} says={says}>
        <ChangesView
          label="Changes of the metadata"
          before={before}
          after={after}
          empty="The hook changed nothing in the metadata."
        />
      </Section>
      <Section
        title={isApplied ? "All of it, after the hook" : "All of it, as it was"}
        order={order}
      >
        <JsonView label="Metadata" value={isApplied ? after : before} maxHeight={360} />
      </Section>
    </Stack>
  );
}
