/** What kind of hook it is, and whether anything keeps it from the host. */
import { Badge } from "@mantine/core";
import {
  IconBox,
  IconBrandPython,
  IconShieldOff,
  IconTerminal2,
  IconWebhook,
  type TablerIcon,
} from "@tabler/icons-react";
import { FlatBox, FlatBrandPython, FlatTerminal2, FlatWebhook, type RowIcon } from "./flat-icon";
import classes from "./hook-badges.module.css";
import { type HookDocument, type HookType, isTrusted, sayHookType } from "./hook-words";

export const TYPE_ICONS: Record<HookType, TablerIcon> = {
  shell: IconTerminal2,
  python: IconBrandPython,
  webhook: IconWebhook,
  wasm: IconBox,
};

/** The same, for rows. */
const MARKS: Record<HookType, RowIcon> = {
  shell: FlatTerminal2,
  python: FlatBrandPython,
  webhook: FlatWebhook,
  wasm: FlatBox,
};

export function HookTypeMark({ type }: { type: HookType }) {
  const Icon = MARKS[type];
  return (
    <span className={classes.type}>
      <Icon size={16} stroke={1.7} />
      {sayHookType(type)}
    </span>
  );
}

/** Shown wherever a trusted hook is. */
export function TrustedBadge({ hook }: { hook: Pick<HookDocument, "config"> }) {
  if (!isTrusted(hook)) return null;
  return (
    <span title="Runs without a sandbox, as the user that the server runs as.">
      <Badge color="orange" leftSection={<IconShieldOff size={12} aria-hidden />}>
        trusted
      </Badge>
    </span>
  );
}
