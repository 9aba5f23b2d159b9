/** Which hooks keep the pipeline waiting the longest. */
import { Paper, Table, Text } from "@mantine/core";
import { Link } from "react-router";
import type { Schemas } from "@/api/client";
import { HookTypeMark } from "@/parts/hook-badges";
import { Section } from "@/parts/section";
import { sayCount, sayDuration } from "@/parts/time";
import { sayShare } from "./share";
import { executionsSince } from "./window";
import classes from "./slowest-hooks.module.css";

type Slow = Schemas["OverviewShown"]["slowest_hooks"][number];

export function SlowestHooks({
  hooks,
  since,
  window,
}: {
  hooks: readonly Slow[];
  since: string;
  window: { says: string };
}) {
  if (hooks.length === 0) return null;
  const longest = Math.max(...hooks.map(({ p95_ms }) => p95_ms ?? 0), 1);
  return (
    <Section
      title="Slowest hooks"
      says={`Of those that ran in ${window.says}, by their last 100 executions`}
    >
      <Paper p={0}>
        <Table.ScrollContainer minWidth={640}>
          <Table className="numbers">
            <Table.Thead>
              <Table.Tr>
                <Table.Th>Hook</Table.Th>
                <Table.Th>Type</Table.Th>
                <Table.Th ta="right">Runs</Table.Th>
                <Table.Th ta="right">Failed</Table.Th>
                <Table.Th ta="right">Half within</Table.Th>
                <Table.Th ta="right">95 % within</Table.Th>
                <Table.Th w="22%" aria-hidden />
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {hooks.map((hook) => (
                <Table.Tr key={hook.hook_id}>
                  <Table.Td>
                    <Link to={`/hooks/${hook.hook_id}`}>{hook.name}</Link>
                  </Table.Td>
                  <Table.Td>
                    <HookTypeMark type={hook.hook_type} />
                  </Table.Td>
                  <Table.Td ta="right">{sayCount(hook.runs)}</Table.Td>
                  <Table.Td ta="right">
                    {hook.failed === 0 ? (
                      <Text component="span" fz="sm" c="dimmed">
                        none
                      </Text>
                    ) : (
                      <Link
                        to={executionsSince(since, {
                          hook_id: String(hook.hook_id),
                          success: "false",
                        })}
                      >
                        {sayCount(hook.failed)} ({sayShare(hook.failed, hook.runs)})
                      </Link>
                    )}
                  </Table.Td>
                  <Table.Td ta="right">{sayMaybe(hook.p50_ms)}</Table.Td>
                  <Table.Td ta="right">{sayMaybe(hook.p95_ms)}</Table.Td>
                  <Table.Td aria-hidden>
                    <div className={classes.track}>
                      <div
                        className={classes.bar}
                        style={{ width: `${(100 * (hook.p95_ms ?? 0)) / longest}%` }}
                      />
                    </div>
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Table.ScrollContainer>
      </Paper>
    </Section>
  );
}

const sayMaybe = (ms: number | null | undefined) =>
  ms === null || ms === undefined ? "–" : sayDuration(ms);
