/** Something to know about what is on the page, calmly; a refusal is a `ProblemAlert`. */
import { Group, Stack, Text } from "@mantine/core";
import { IconAlertTriangle, IconCircleCheck, IconInfoCircle, IconX } from "@tabler/icons-react";
import type { ComponentType, ReactNode } from "react";
import classes from "./notice.module.css";
import type { Tone } from "./outcome";

const ICONS = {
  good: IconCircleCheck,
  bad: IconX,
  warn: IconAlertTriangle,
  review: IconInfoCircle,
  none: IconInfoCircle,
} as const;

export function Notice({
  tone = "none",
  icon,
  title,
  action,
  children,
}: {
  tone?: Tone;
  icon?: ComponentType<{ size?: number; stroke?: number }>;
  title?: ReactNode;
  action?: ReactNode;
  children?: ReactNode;
}) {
  const Icon = icon ?? ICONS[tone];
  return (
    <div className={classes.notice} data-tone={tone} role="note">
      <span className={classes.icon} aria-hidden>
        <Icon size={18} stroke={1.9} />
      </span>
      <Stack gap={4} flex={1} miw={0}>
        {title && (
          <Text fz="sm" fw={600}>
            {title}
          </Text>
        )}
        {children && (
          <Text fz="sm" component="div">
            {children}
          </Text>
        )}
      </Stack>
      {action && <Group className={classes.action}>{action}</Group>}
    </div>
  );
}
