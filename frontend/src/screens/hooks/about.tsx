/** What a hook is and how it fares, for who did not write it. */
import { Anchor, List, Paper, SimpleGrid, Skeleton, Stack, Text } from "@mantine/core";
import { Link } from "react-router";
import { api } from "@/api/client";
import { Facts } from "@/parts/facts";
import {
  configOf,
  FAILURE_MODES,
  type Hook,
  HOOK_POINTS,
  sayWhatRuns,
  timeoutOf,
} from "@/parts/hook-words";
import { HookTypeMark } from "@/parts/hook-badges";
import { Outcome } from "@/parts/outcome";
import { RunDots } from "@/parts/run-dots";
import { ScopeBadge } from "@/parts/scope-badge";
import { useScopes } from "@/parts/scopes";
import { Section } from "@/parts/section";
import { Ago, sayCount, sayDuration } from "@/parts/time";
import { useActivities } from "./activity";
import { sayGrants } from "./say-grants";

export function About({ hook }: { hook: Hook }) {
  return (
    <SimpleGrid cols={{ base: 1, lg: 2 }} spacing="xl">
      <Stack gap="xl">
        <What hook={hook} />
      </Stack>
      <Stack gap="xl">
        <Runs hook={hook} />
        {hook.event && <Deliveries hook={hook} />}
        <May hook={hook} />
      </Stack>
    </SimpleGrid>
  );
}

function What({ hook }: { hook: Hook }) {
  const point = HOOK_POINTS.find(({ name }) => name === hook.hook_point);
  const mode = FAILURE_MODES.find(({ name }) => name === hook.failure_mode);
  const chain = useScopes().chain(hook.scope_type, hook.scope_id);
  const config = configOf(hook);
  const plugin = hook.hook_type === "wasm" ? config.plugin?.split("@")[0] : undefined;
  return (
    <Section title="What it is">
      <Paper>
        <Facts
          facts={[
            ["Type", <HookTypeMark key="type" type={hook.hook_type} />],
            [
              "Runs",
              plugin && !plugin.startsWith("sha256:") ? (
                <Anchor component={Link} to={`/plugins/${plugin}`} className="mono">
                  {sayWhatRuns(hook)}
                </Anchor>
              ) : config.script_path ? (
                <Anchor component={Link} to={`/scripts/${config.script_path}`} className="mono">
                  {sayWhatRuns(hook)}
                </Anchor>
              ) : (
                <span className="mono" style={{ overflowWrap: "anywhere" }}>
                  {sayWhatRuns(hook)}
                </span>
              ),
            ],
            [
              "When",
              point ? (
                <>
                  <span className="mono">{point.name}</span>: {point.means.toLowerCase()} The
                  pipeline waits for it.
                </>
              ) : (
                <>
                  After each event <span className="mono">{hook.event}</span>. Nobody waits for it.
                </>
              ),
            ],
            [
              "Where",
              <>
                <ScopeBadge scopeType={hook.scope_type} scopeId={hook.scope_id} />{" "}
                <Text component="span" fz="sm" c="dimmed">
                  {chain.length > 1 ? chain.join(" › ") : "everywhere"}
                </Text>
              </>,
            ],
            [
              "If it fails",
              hook.event
                ? "The delivery is tried again. The log tells of each attempt."
                : mode?.means,
            ],
            ["Timeout", `${timeoutOf(hook)} s`],
            ["Order", `${hook.sort_order}`],
            [
              "Overrides",
              hook.extends ? "What it overrides runs first, and hands its result over." : undefined,
            ],
            [
              "Made",
              <>
                by {hook.created_by}, <Ago at={hook.created_at} />
              </>,
            ],
            [
              "Changed",
              <>
                version {hook.version}, <Ago at={hook.updated_at} />
              </>,
            ],
          ]}
        />
      </Paper>
    </Section>
  );
}

function Runs({ hook }: { hook: Hook }) {
  const activity = useActivities([hook.id])(hook.id);
  return (
    <Section
      title="Last runs"
      actions={
        <Anchor component={Link} to={`/hooks/${hook.id}/executions`} fz="sm">
          All executions
        </Anchor>
      }
    >
      <Paper>
        {!activity && <Skeleton h={58} />}
        {activity && (
          <Stack gap="sm">
            <RunDots runs={activity.runs} />
            {activity.of_last > 0 && (
              <Text fz="sm" className="numbers">
                {activity.failed_of_last === 0
                  ? `None of the last ${sayCount(activity.of_last)} failed.`
                  : `${sayCount(activity.failed_of_last)} of the last ${sayCount(activity.of_last)} failed.`}{" "}
                {typeof activity.p50_ms === "number" &&
                  typeof activity.p95_ms === "number" &&
                  `Half took no longer than ${sayDuration(activity.p50_ms)}, 95 of 100 no longer than ${sayDuration(activity.p95_ms)}.`}
              </Text>
            )}
            {activity.runs.length === 0 && (
              <Text fz="sm" c="dimmed">
                Tests are not counted here.{" "}
                <Anchor component={Link} to={`/hooks/${hook.id}/test`} fz="inherit">
                  Try it out
                </Anchor>
              </Text>
            )}
          </Stack>
        )}
      </Paper>
    </Section>
  );
}

function Deliveries({ hook }: { hook: Hook }) {
  const counts = api.useQuery("get", "/api/v1/hooks/{id}/deliveries", {
    params: { path: { id: hook.id } },
  }).data;
  return (
    <Section
      title="Deliveries"
      actions={
        <Anchor component={Link} to={`/deliveries?hook_id=${hook.id}`} fz="sm">
          All deliveries
        </Anchor>
      }
    >
      <Paper>
        {!counts && <Skeleton h={120} />}
        {counts && (
          <Facts
            facts={[
              ["Wait", sayCount(counts.pending)],
              ["Succeeded", sayCount(counts.succeeded)],
              [
                "Given up",
                `${sayCount(counts.exhausted)}${counts.exhausted_in_a_row > 0 ? `, ${counts.exhausted_in_a_row} in a row; at 10 the hook is disabled` : ""}`,
              ],
              ["Failed attempts", sayCount(counts.failed_attempts)],
              [
                "Last attempt",
                counts.last_triggered_at && (
                  <>
                    {counts.last_status && <Outcome status={counts.last_status} />}{" "}
                    <Ago at={counts.last_triggered_at} />
                  </>
                ),
              ],
              [
                "Probing",
                counts.is_probing
                  ? "It was enabled again: one delivery at a time until one succeeds."
                  : undefined,
              ],
            ]}
          />
        )}
      </Paper>
    </Section>
  );
}

function May({ hook }: { hook: Hook }) {
  const says = sayGrants(hook);
  if (says.length === 0) return null;
  return (
    <Section title="What it may touch">
      <Paper>
        <List fz="sm" spacing={4}>
          {says.map((sentence) => (
            <List.Item key={sentence}>{sentence}</List.Item>
          ))}
        </List>
      </Paper>
    </Section>
  );
}
