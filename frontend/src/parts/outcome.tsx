/** How an execution ended: a word, a colour, and a shape for who cannot tell the colours. */
import { Group, Text } from "@mantine/core";
import {
  IconAlertTriangle,
  IconBan,
  IconCheck,
  IconClock,
  IconEye,
  IconMinus,
  IconPlayerStop,
  IconX,
  type TablerIcon,
} from "@tabler/icons-react";
import type { Schemas } from "@/api/client";
import type { RowIcon } from "./flat-icon";
import classes from "./outcome.module.css";

export type ExecutionStatus = Schemas["ExecutionStatus"];
export type Tone = "good" | "bad" | "review" | "warn" | "none";

const SHOWN: Record<ExecutionStatus, { says: string; tone: Tone; icon: TablerIcon }> = {
  passed: { says: "passed", tone: "good", icon: IconCheck },
  skipped: { says: "skipped", tone: "none", icon: IconMinus },
  needs_review: { says: "needs review", tone: "review", icon: IconEye },
  failed: { says: "failed", tone: "bad", icon: IconX },
  timed_out: { says: "timed out", tone: "bad", icon: IconClock },
  killed: { says: "killed", tone: "bad", icon: IconBan },
  out_of_memory: { says: "out of memory", tone: "bad", icon: IconAlertTriangle },
  out_of_fuel: { says: "out of fuel", tone: "bad", icon: IconAlertTriangle },
  limit_exceeded: { says: "limit exceeded", tone: "bad", icon: IconAlertTriangle },
  invalid_result: { says: "invalid result", tone: "bad", icon: IconX },
  refused: { says: "refused", tone: "bad", icon: IconBan },
  host_error: { says: "could not start", tone: "bad", icon: IconX },
  cancelled: { says: "cancelled", tone: "none", icon: IconPlayerStop },
  interrupted: { says: "interrupted", tone: "warn", icon: IconPlayerStop },
};

export const STATUSES = Object.keys(SHOWN) as ExecutionStatus[];

export const toneOf = (status: ExecutionStatus): Tone => SHOWN[status].tone;
export const iconOf = (status: ExecutionStatus): TablerIcon => SHOWN[status].icon;
export const sayStatus = (status: ExecutionStatus): string => SHOWN[status].says;

/** A badge in the colour of a tone; also for verdicts and the states of jobs and deliveries. */
export function ToneBadge({
  tone,
  icon: Icon,
  children,
}: {
  tone: Tone;
  icon?: TablerIcon | RowIcon;
  children: React.ReactNode;
}) {
  return (
    <span className={classes.badge} data-tone={tone}>
      {Icon && <Icon size={12} stroke={2.4} aria-hidden />}
      {children}
    </span>
  );
}

export function Outcome({ status }: { status: ExecutionStatus }) {
  const { says, tone, icon } = SHOWN[status];
  return (
    <ToneBadge tone={tone} icon={icon}>
      {says}
    </ToneBadge>
  );
}

/** The small mark in front of a row. */
export function OutcomeMark({ status }: { status: ExecutionStatus }) {
  const { says, tone, icon: Icon } = SHOWN[status];
  return (
    <Group gap={6} wrap="nowrap" className={classes.mark} data-tone={tone}>
      <Icon size={15} stroke={2.2} aria-hidden />
      <Text fz="sm" component="span">
        {says}
      </Text>
    </Group>
  );
}
