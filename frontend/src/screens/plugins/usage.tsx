/** How much a plugin is run, and by which hooks. */
import { Badge, Group, Paper, SegmentedControl, Skeleton, Stack, Table, Text } from "@mantine/core";
import { useState } from "react";
import { Link } from "react-router";
import { api } from "@/api/client";
import { BarsOverTime, Legend, type Moments } from "@/parts/bars-over-time";
import { ProblemAlert } from "@/parts/problem-alert";
import { ScopeBadge } from "@/parts/scope-badge";
import { Section } from "@/parts/section";
import { sayCount, sayDuration } from "@/parts/time";

const DAYS = 30;
const DAY_MS = 86_400_000;
const SERIES = [
  { name: "failed", color: "var(--outcome-bad)" },
  { name: "succeeded", color: "var(--chart-quiet)" },
] as const;
const DAY = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", timeZone: "UTC" });
const MOMENTS: Moments = { axis: (at) => DAY.format(at), full: (at) => DAY.format(at) };

export function Usage({ name }: { name: string }) {
  const [shows, setShows] = useState("chart");
  const usage = api.useQuery("get", "/api/v1/plugins/{name}/usage", {
    params: { path: { name }, query: { days: DAYS } },
  });
  if (usage.isPending) return <Skeleton h={260} />;
  if (!usage.data) return <ProblemAlert error={usage.error} onRetry={() => void usage.refetch()} />;
  const { days, hooks } = usage.data;
  const total = (pick: (day: (typeof days)[number]) => number | null) =>
    days.reduce((sum, day) => sum + (pick(day) ?? 0), 0);
  const executions = total((day) => day.executions);
  return (
    <>
      <Section
        title="Usage"
        says={`Executions of the last ${DAYS} days, of all versions`}
        actions={
          executions > 0 && (
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
          )
        }
      >
        <Paper>
          {executions === 0 ? (
            <Text fz="sm" c="dimmed">
              It did not run in this time.
            </Text>
          ) : (
            <Stack gap="sm">
              <Group justify="space-between">
                <Text fz="sm" className="numbers">
                  {sayCount(executions)} executions, {sayCount(total((day) => day.failed))} failed,{" "}
                  {sayDuration(total((day) => day.duration_ms))} in all
                  {total((day) => day.fuel_used) > 0 &&
                    `, ${sayFuel(total((day) => day.fuel_used))} of fuel`}
                </Text>
                {shows === "chart" && <Legend series={SERIES} />}
              </Group>
              <BarsOverTime
                label="Executions a day"
                bars={days.map(({ day, executions, failed }) => ({
                  start: day,
                  values: [failed, executions - failed],
                  to: executionsOn(day, hooks),
                }))}
                series={SERIES}
                moments={MOMENTS}
                height={170}
                asTable={shows === "table"}
              />
            </Stack>
          )}
        </Paper>
      </Section>
      <Section title="Hooks that run it">
        <Paper p={0}>
          {hooks.length === 0 ? (
            <Text fz="sm" c="dimmed" p="md">
              No hook runs it.
            </Text>
          ) : (
            <Table.ScrollContainer minWidth={460} type="native">
              <Table aria-label="Hooks that run it">
                <Table.Thead>
                  <Table.Tr>
                    <Table.Th>Hook</Table.Th>
                    <Table.Th>Version</Table.Th>
                    <Table.Th>Scope</Table.Th>
                    <Table.Th>State</Table.Th>
                  </Table.Tr>
                </Table.Thead>
                <Table.Tbody>
                  {hooks.map((hook) => (
                    <Table.Tr key={hook.hook_id}>
                      <Table.Td>
                        <Link to={`/hooks/${hook.hook_id}`}>{hook.name}</Link>
                      </Table.Td>
                      <Table.Td className="numbers">
                        <Link to={`/plugins/${name}/${hook.version}`}>{hook.version}</Link>
                      </Table.Td>
                      <Table.Td>
                        <ScopeBadge scopeType={hook.scope_type} scopeId={hook.scope_id} />
                      </Table.Td>
                      <Table.Td>
                        {hook.enabled ? (
                          <Text fz="sm">on</Text>
                        ) : (
                          <Badge color="gray">switched off</Badge>
                        )}
                      </Table.Td>
                    </Table.Tr>
                  ))}
                </Table.Tbody>
              </Table>
            </Table.ScrollContainer>
          )}
        </Paper>
      </Section>
    </>
  );
}

/** Only where one hook runs it: executions are filtered by one hook. */
function executionsOn(day: string, hooks: readonly { hook_id: number }[]): string | undefined {
  const [hook] = hooks;
  if (!hook || hooks.length > 1) return undefined;
  const start = new Date(day);
  const until = new Date(start.getTime() + DAY_MS);
  const query = {
    hook_id: String(hook.hook_id),
    since: start.toISOString(),
    until: until.toISOString(),
  };
  return `/executions?${new URLSearchParams(query)}`;
}

function sayFuel(fuel: number): string {
  const units = ["", " thousand", " million", " billion", " trillion"];
  let value = fuel;
  let unit = 0;
  while (value >= 1_000 && unit < units.length - 1) {
    value /= 1_000;
    unit++;
  }
  return `${value.toFixed(value < 10 && unit > 0 ? 1 : 0)}${units[unit]}`;
}
