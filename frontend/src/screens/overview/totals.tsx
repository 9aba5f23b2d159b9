import type { Schemas } from "@/api/client";
import { Figures } from "@/parts/figures";
import { sayCount } from "@/parts/time";
import { sayShare } from "./share";

export function Totals({
  totals,
  window,
}: {
  totals: Schemas["OverviewShown"]["totals"];
  window: { says: string };
}) {
  const { executions, failed, stage_runs, halted, events } = totals;
  return (
    <Figures
      label={`Totals of ${window.says}`}
      figures={[
        { label: "Executions", value: sayCount(executions), to: "/executions" },
        {
          label: "Failed",
          value: sayCount(failed),
          note: executions > 0 ? sayShare(failed, executions) : undefined,
          tone: failed > 0 ? "bad" : undefined,
          to: "/executions?success=false",
        },
        { label: "Stage runs", value: sayCount(stage_runs), to: "/jobs" },
        { label: "Halted", value: sayCount(halted), note: halted === 1 ? "stage" : "stages" },
        { label: "Events", value: sayCount(events), to: "/events" },
      ]}
    />
  );
}
