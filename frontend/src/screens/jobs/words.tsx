/** How jobs and stage runs stand, in words and colours. */
import { Group } from "@mantine/core";
import {
  IconBan,
  IconCheck,
  IconEye,
  IconHandStop,
  IconLoader2,
  IconPlayerStop,
  IconX,
  type TablerIcon,
} from "@tabler/icons-react";
import type { Schemas } from "@/api/client";
import { type Tone, ToneBadge } from "@/parts/outcome";

export type Job = Schemas["Job"];
export type StageRun = Schemas["StageAnswer"];

const JOBS: Record<Job["status"], { says: string; tone: Tone; icon: TablerIcon }> = {
  running: { says: "running", tone: "none", icon: IconLoader2 },
  failed: { says: "failed", tone: "bad", icon: IconX },
  completed: { says: "completed", tone: "good", icon: IconCheck },
  rejected: { says: "rejected", tone: "warn", icon: IconBan },
};

export const JOB_STATUSES = Object.keys(JOBS) as Job["status"][];

export function JobState({ job }: { job: Pick<Job, "status" | "needs_review"> }) {
  const { says, tone, icon } = JOBS[job.status];
  return (
    <Group gap={6} wrap="nowrap">
      {job.needs_review ? (
        <ToneBadge tone="review" icon={IconEye}>
          needs review
        </ToneBadge>
      ) : (
        <ToneBadge tone={tone} icon={icon}>
          {says}
        </ToneBadge>
      )}
    </Group>
  );
}

export const nameOf = (job: Pick<Job, "id" | "external_ref">): string =>
  job.external_ref ?? `Job ${job.id}`;

type Stand = { says: string; tone: Tone; icon: TablerIcon };

/** The verdict, or why there is none. */
export function standOf(run: Pick<StageRun, "status" | "verdict" | "warnings">): Stand {
  if (run.status === "running") return { says: "running", tone: "none", icon: IconLoader2 };
  if (run.status === "cancelled") return { says: "cancelled", tone: "none", icon: IconPlayerStop };
  if (run.verdict === "halt") return { says: "halted", tone: "bad", icon: IconHandStop };
  if (run.status === "interrupted") {
    return { says: "interrupted", tone: "warn", icon: IconPlayerStop };
  }
  return { says: "proceeded", tone: run.warnings.length > 0 ? "warn" : "good", icon: IconCheck };
}

export function VerdictBadge({ run }: { run: Pick<StageRun, "status" | "verdict" | "warnings"> }) {
  const { says, tone, icon } = standOf(run);
  return (
    <ToneBadge tone={tone} icon={icon}>
      {says}
    </ToneBadge>
  );
}

/** How long it took; `undefined` while it runs. */
export const tookOf = (run: Pick<StageRun, "started_at" | "finished_at">): number | undefined =>
  run.finished_at
    ? new Date(run.finished_at).getTime() - new Date(run.started_at).getTime()
    : undefined;

/** The hook that halted it, if one did. */
export function halterOf(run: StageRun): StageRun["executions"][number] | undefined {
  if (run.verdict !== "halt") return undefined;
  return run.executions.findLast(
    (each) => each.status === "needs_review" || (!each.success && each.failure_mode === "block"),
  );
}
