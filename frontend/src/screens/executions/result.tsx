/** What a hook answered: remarks, files, measurements. */
import { Group, Stack, Table, Text } from "@mantine/core";
import {
  IconAlertTriangle,
  IconCircleX,
  IconFile,
  IconInfoCircle,
  type TablerIcon,
} from "@tabler/icons-react";
import type { Schemas } from "@/api/client";
import { isKnown } from "@/parts/known";
import { CopyButton } from "@/parts/copy-button";
import { JsonView } from "@/parts/json-view";
import { ToneBadge, type Tone } from "@/parts/outcome";
import { Section } from "@/parts/section";
import classes from "./result.module.css";

type Result = Schemas["HookResult"];
type Annotation = Schemas["Annotation"];

const LEVELS: Record<Annotation["level"], { tone: Tone; icon: TablerIcon }> = {
  info: { tone: "none", icon: IconInfoCircle },
  warning: { tone: "warn", icon: IconAlertTriangle },
  error: { tone: "bad", icon: IconCircleX },
};

export function ResultView({
  result,
  order,
}: {
  result: Result | null | undefined;
  /** Of the headings, below that of what it is shown in. */
  order: 2 | 3;
}) {
  if (!result) {
    return (
      <Text fz="sm" c="dimmed">
        The hook gave no result. How it ended is what counts.
      </Text>
    );
  }
  // Absent where the hook named none.
  const annotations = result.annotations ?? [];
  const artifacts = result.artifacts ?? [];
  const metrics = Object.entries(result.metrics ?? {});
  return (
    <Stack gap="xl">
      <Group gap="sm" align="baseline">
        <ToneBadge tone={result.status === "pass" ? "good" : toneOf(result.status)}>
          {result.status.replace("_", " ")}
        </ToneBadge>
        <Text style={{ overflowWrap: "anywhere" }}>{result.message ?? "No message."}</Text>
      </Group>
      {annotations.length > 0 && (
        <Section title={`Annotations (${annotations.length})`} order={order}>
          <ul className={classes.list} aria-label="Annotations">
            {annotations.map((annotation, at) => (
              <AnnotationItem key={at} annotation={annotation} />
            ))}
          </ul>
        </Section>
      )}
      {artifacts.length > 0 && (
        <Section title={`Artifacts (${artifacts.length})`} order={order}>
          <ul className={classes.list} aria-label="Artifacts">
            {artifacts.map(({ path, mime }, at) => (
              <li key={at} className={classes.item}>
                <IconFile size={16} stroke={1.7} aria-hidden />
                <span className={classes.says}>
                  <span className="mono">{path}</span>
                </span>
                <Text fz="xs" c="dimmed" component="span">
                  {mime}
                </Text>
                <CopyButton text={() => path} label={`Copy the path of ${path}`} />
              </li>
            ))}
          </ul>
        </Section>
      )}
      {metrics.length > 0 && (
        <Section title={`Metrics (${metrics.length})`} order={order}>
          <Table className={classes.metrics} highlightOnHover={false} aria-label="Metrics">
            <Table.Thead>
              <Table.Tr>
                <Table.Th>Name</Table.Th>
                <Table.Th ta="right">Value</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {metrics.map(([name, value]) => (
                <Table.Tr key={name}>
                  <Table.Td className="mono">{name}</Table.Td>
                  <Table.Td ta="right" className="numbers">
                    {value.toLocaleString("en", { maximumFractionDigits: 6 })}
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Section>
      )}
      <Section title="As it was answered" order={order}>
        <JsonView label="Result" name="result" value={result} maxHeight={320} />
      </Section>
    </Stack>
  );
}

const toneOf = (status: Result["status"]): Tone =>
  status === "fail" ? "bad" : status === "needs_review" ? "review" : "none";

function AnnotationItem({ annotation }: { annotation: Annotation }) {
  const { level, code, message, path, start_ms, end_ms } = annotation;
  const { tone, icon: Icon } = LEVELS[level];
  const where = [path, saySpan(start_ms, end_ms)].filter(Boolean).join(", ");
  return (
    <li className={classes.item} data-level={level}>
      <ToneBadge tone={tone} icon={Icon}>
        {level}
      </ToneBadge>
      <span className={classes.says}>
        {message}
        {(code || where) && (
          <Text fz="xs" c="dimmed" component="span" className={classes.where}>
            {code && <span className="mono">{code}</span>}
            {code && where && " · "}
            {where}
          </Text>
        )}
      </span>
    </li>
  );
}

function saySpan(start?: number | null, end?: number | null): string {
  if (!isKnown(start) && !isKnown(end)) return "";
  if (!isKnown(end)) return `from ${timecode(start ?? 0)}`;
  return `${timecode(start ?? 0)} to ${timecode(end)}`;
}

function timecode(ms: number): string {
  const seconds = ms / 1_000;
  const minutes = Math.floor(seconds / 60);
  return `${minutes}:${(seconds % 60).toFixed(2).padStart(5, "0")}`;
}
