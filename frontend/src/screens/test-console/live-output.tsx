/** What a hook prints while it runs. */
import { Button, Group, Loader, Stack, Text } from "@mantine/core";
import { IconPlayerStop } from "@tabler/icons-react";
import { useEffect, useMemo, useState } from "react";
import { PLAIN, piecesOf, plainOf } from "@/parts/lines/ansi";
import type { Lines } from "@/parts/lines/lines";
import { LinesView } from "@/parts/lines/lines-view";
import { tellRefused } from "@/parts/tell";
import type { Printed, Run } from "./use-test-run";

export function LiveOutput({ run, cancel }: { run: Run; cancel: () => Promise<void> }) {
  const lines = useMemo(() => linesOf(run.printed), [run.printed]);
  return (
    <Stack gap="md">
      <Group justify="space-between">
        <Group gap="sm">
          <Loader size={18} aria-hidden />
          <Text fw={560} role="status">
            {run.isCancelling ? "Ending" : "Running"}
          </Text>
          <Clock since={run.startedAt} />
        </Group>
        <Button
          variant="default"
          leftSection={<IconPlayerStop size={16} aria-hidden />}
          disabled={run.isCancelling}
          onClick={() =>
            void cancel().catch((error) => tellRefused("It could not be cancelled", error))
          }
        >
          Cancel
        </Button>
      </Group>
      <LinesView
        label="Live output"
        lines={lines}
        text={() => run.printed.map(({ line }) => line).join("\n")}
        fileName="live-output.log"
        aside={
          run.skipped > 0
            ? `the last ${run.printed.length.toLocaleString("en")} lines; the record will have what is kept`
            : undefined
        }
        empty="What it prints appears here, line by line."
        isFollowed
      />
    </Stack>
  );
}

function linesOf(printed: readonly Printed[]): Lines {
  return {
    count: printed.length,
    plain: (at) => tag(printed[at]) + plainOf(printed[at]?.line ?? ""),
    pieces: (at) => [
      { text: tag(printed[at]), fg: printed[at]?.stream === "stderr" ? 1 : 8 },
      ...piecesOf(printed[at]?.line ?? "", PLAIN),
    ],
  };
}

const tag = (printed: Printed | undefined): string => `${printed?.stream ?? "stdout"}  `;

function Clock({ since }: { since: number }) {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = window.setInterval(() => setNow(Date.now()), 100);
    return () => window.clearInterval(timer);
  }, []);
  return (
    <Text className="numbers" c="dimmed" aria-hidden>
      {(Math.max(0, now - since) / 1_000).toFixed(1)} s
    </Text>
  );
}
