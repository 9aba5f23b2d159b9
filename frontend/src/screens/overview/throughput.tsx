/** Executions and their failures over time. */
import { Group, Paper, SegmentedControl, Stack, Text, Title } from "@mantine/core";
import { useState } from "react";
import type { Schemas } from "@/api/client";
import { type Bar, BarsOverTime, Legend } from "@/parts/bars-over-time";
import { Section } from "@/parts/section";
import { executionsSince, momentsOf } from "./window";

type Part = Schemas["OverviewShown"]["throughput"][number];

const EXECUTIONS = [
  { name: "failed", color: "var(--outcome-bad)" },
  { name: "succeeded", color: "var(--chart-quiet)" },
] as const;
const RATE = [{ name: "failed", color: "var(--outcome-bad)" }] as const;

const sayPercent = (value: number) => `${Math.round(value)} %`;

export function Throughput({
  parts,
  window,
}: {
  parts: readonly Part[];
  window: { hours: number; says: string };
}) {
  const [shows, setShows] = useState("chart");
  const moments = momentsOf(window.hours);
  const asTable = shows === "table";
  const bars = parts.map((part, index) => ({
    part,
    to: executionsIn(part, parts[index + 1], window.hours),
  }));
  const counts: Bar[] = bars.map(({ part, to }) => ({
    start: part.start,
    values: [part.failed, part.executions - part.failed],
    to,
  }));
  const rates: Bar[] = bars.map(({ part, to }) => ({
    start: part.start,
    values: [part.executions > 0 ? (100 * part.failed) / part.executions : 0],
    to: `${to}&success=false`,
  }));
  return (
    <Section
      title="Throughput"
      says={`Executions of ${window.says}, tests left out`}
      actions={
        <SegmentedControl
          size="xs"
          aria-label="Show as"
          value={shows}
          onChange={setShows}
          data={[
            { value: "chart", label: "Chart" },
            { value: "table", label: "Table" },
          ]}
        />
      }
    >
      <Paper>
        <Stack gap="lg">
          <div>
            <Group justify="space-between" mb={6}>
              <Title order={3} fz="sm">
                Executions
              </Title>
              {!asTable && <Legend series={EXECUTIONS} />}
            </Group>
            <BarsOverTime
              label="Executions over time"
              bars={counts}
              series={EXECUTIONS}
              moments={moments}
              height={190}
              asTable={asTable}
            />
          </div>
          <div>
            <Group justify="space-between" mb={6}>
              <Title order={3} fz="sm">
                Failure rate
              </Title>
              {!asTable && (
                <Text fz="xs" c="dimmed">
                  share of the executions that failed
                </Text>
              )}
            </Group>
            <BarsOverTime
              label="Failure rate over time"
              bars={rates}
              series={RATE}
              moments={moments}
              height={110}
              format={sayPercent}
              atLeast={10}
              asTable={asTable}
            />
          </div>
        </Stack>
      </Paper>
    </Section>
  );
}

function executionsIn(part: Part, next: Part | undefined, hours: number): string {
  const start = new Date(part.start);
  const length = next ? new Date(next.start).getTime() - start.getTime() : (hours / 24) * 3_600_000;
  const until = new Date(start.getTime() + length).toISOString();
  return executionsSince(start.toISOString(), { until });
}
