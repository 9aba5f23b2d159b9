import type { Schemas } from "@/api/client";
import { Figures } from "@/parts/figures";
import { sayCount } from "@/parts/time";
import { sayShare } from "./share";
import { executionsSince } from "./window";

export function Totals({
  totals,
  since,
  window,
}: {
  totals: Schemas["OverviewShown"]["totals"];
  since: string;
  window: { says: string };
}) {
  const { executions, failed, stage_runs, halted, events } = totals;
  return (
    <Figures
      label={`Totals of ${window.says}`}
      figures={[
        { label: "Executions", value: sayCount(executions), to: executionsSince(since) },
        {
          label: "Failed",
          value: sayCount(failed),
          note: executions > 0 ? sayShare(failed, executions) : undefined,
          tone: failed > 0 ? "bad" : undefined,
          to: executionsSince(since, { success: "false" }),
        },
        { label: "Stage runs", value: sayCount(stage_runs), to: "/jobs" },
        { label: "Halted", value: sayCount(halted), note: halted === 1 ? "stage" : "stages" },
        {
          label: "Events",
          value: sayCount(events),
          to: `/events?${new URLSearchParams({ since })}`,
        },
      ]}
    />
  );
}
