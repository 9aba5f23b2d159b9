/** What an execution used of what it was allowed, in plain words. */
import { Group, Progress, Stack, Text } from "@mantine/core";
import type { Schemas } from "@/api/client";
import { isKnown } from "@/parts/known";
import { Facts } from "@/parts/facts";
import { sayBytes, sayCount, sayDuration } from "@/parts/time";
import { PLUGIN_LIMITS, SCRIPT_LIMITS, WEBHOOK_LIMITS } from "@/parts/usual-limits";
import { inputOf, type LogItem } from "./words";

type HookType = Schemas["HookType"];

type Allowed = {
  timeoutMs: number;
  fuel?: number;
  cpuMs?: number;
  memoryBytes?: number;
  outputBytes: number;
};

const KIB = 1_024;
const MIB = 1_024 * KIB;

const SCRIPT: Allowed = {
  timeoutMs: SCRIPT_LIMITS.timeout_seconds * 1_000,
  cpuMs: SCRIPT_LIMITS.cpu_seconds * 1_000,
  memoryBytes: SCRIPT_LIMITS.memory_mib * MIB,
  outputBytes: SCRIPT_LIMITS.output_kib * KIB,
};
const USUAL: Record<HookType, Allowed> = {
  shell: SCRIPT,
  python: SCRIPT,
  webhook: {
    timeoutMs: WEBHOOK_LIMITS.timeout_seconds * 1_000,
    outputBytes: WEBHOOK_LIMITS.output_kib * KIB,
  },
  wasm: {
    timeoutMs: PLUGIN_LIMITS.timeout_seconds * 1_000,
    fuel: PLUGIN_LIMITS.fuel,
    memoryBytes: PLUGIN_LIMITS.memory_mib * MIB,
    outputBytes: PLUGIN_LIMITS.output_kib * KIB,
  },
};

/** The limits in force when it ran: its config is part of its input. */
function allowedOf(log: LogItem): Allowed {
  const usual = USUAL[log.hook_type];
  const input = inputOf(log);
  const limits = (input.hook_config?.limits ?? {}) as Record<string, number | null | undefined>;
  return {
    timeoutMs: input.deadline_ms ?? usual.timeoutMs,
    fuel: usual.fuel && (limits.fuel ?? usual.fuel),
    cpuMs: usual.cpuMs && (isKnown(limits.cpu_seconds) ? limits.cpu_seconds * 1_000 : usual.cpuMs),
    memoryBytes:
      usual.memoryBytes &&
      (isKnown(limits.memory_mib) ? limits.memory_mib * MIB : usual.memoryBytes),
    outputBytes: isKnown(limits.output_kib) ? limits.output_kib * KIB : usual.outputBytes,
  };
}

type Bar = { name: string; used: number; limit: number; say: (value: number) => string };

export function UsageView({ log }: { log: LogItem }) {
  const { usage } = log;
  const allowed = allowedOf(log);
  const output = (text: string, dropped: number | null | undefined) =>
    new Blob([text]).size + (dropped ?? 0);
  const bars: Bar[] = [
    { name: "Time", used: log.duration_ms, limit: allowed.timeoutMs, say: sayDuration },
  ];
  const add = (
    name: string,
    used: number | null | undefined,
    limit: number | undefined,
    say: Bar["say"],
  ) => {
    if (isKnown(used) && limit) bars.push({ name, used, limit, say });
  };
  add("Processor time", usage.cpu_ms, allowed.cpuMs, sayDuration);
  add("Fuel", usage.fuel_used, allowed.fuel, sayCount);
  add("Memory at its peak", usage.peak_memory_bytes, allowed.memoryBytes, sayBytes);
  if (log.hook_type !== "webhook") {
    const { outputBytes } = allowed;
    add("stdout", output(log.stdout, usage.stdout_dropped_bytes), outputBytes, sayBytes);
    add("stderr", output(log.stderr, usage.stderr_dropped_bytes), outputBytes, sayBytes);
  }
  const bytes = (value: number | null | undefined) => (value ? sayBytes(value) : null);
  return (
    <Stack gap="xl">
      <Stack gap="md">
        {bars.map((bar) => (
          <UsageBar key={bar.name} {...bar} />
        ))}
      </Stack>
      <Facts
        facts={[
          ["HTTP status", usage.http_status],
          ["HTTP requests", usage.http_requests || null],
          ["Sent over HTTP", bytes(usage.http_bytes_sent)],
          ["Received over HTTP", bytes(usage.http_bytes_received)],
          ["Read from files", bytes(usage.bytes_read)],
          ["Written to files", bytes(usage.bytes_written)],
          [
            "In calls to the host",
            isKnown(usage.host_call_ms) ? sayHost(usage.host_call_ms) : null,
          ],
        ]}
      />
    </Stack>
  );
}

const sayHost = (ms: number): string => (ms < 1 ? "less than 1 ms" : sayDuration(ms));

function UsageBar({ name, used, limit, say }: Bar) {
  const share = (100 * used) / limit;
  const percent = share > 0 && share < 1 ? "under 1 %" : `${Math.round(share)} %`;
  const says = `${say(used)} of ${say(limit)}, ${percent}`;
  return (
    <div>
      <Group justify="space-between" mb={4}>
        <Text fz="sm" fw={540}>
          {name}
        </Text>
        <Text fz="sm" c="dimmed" className="numbers">
          {says}
        </Text>
      </Group>
      <Progress.Root size={7} radius="xl">
        <Progress.Section
          value={used === 0 ? 0 : Math.max(0.6, Math.min(100, share))}
          color={share >= 100 ? "red" : share >= 80 ? "orange" : "indigo"}
          aria-label={`${name}: ${says}`}
        />
      </Progress.Root>
    </div>
  );
}
