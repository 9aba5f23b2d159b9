/** Whether a hook runs, and where it does not: why, and the way back. */
import { Alert, Button, Group, Text } from "@mantine/core";
import { IconAlertTriangle, IconPlayerPause, IconPlayerPlay } from "@tabler/icons-react";
import { useMay } from "@/api/session";
import {
  FlatAlertTriangle,
  FlatCircleCheck,
  FlatCircleOff,
  FlatPlayerPause,
} from "@/parts/flat-icon";
import type { Hook } from "@/parts/hook-words";
import { ToneBadge } from "@/parts/outcome";
import { Ago } from "@/parts/time";
import { resumeHook, switchHook } from "./change";

export type HookState = "on" | "off" | "paused" | "failed";

export function stateOf(hook: Hook): HookState {
  if (!hook.enabled) return hook.disabled_reason ? "failed" : "off";
  return hook.paused_at ? "paused" : "on";
}

const SHOWN = {
  on: { says: "on", tone: "good", icon: FlatCircleCheck },
  off: { says: "off", tone: "none", icon: FlatCircleOff },
  paused: { says: "paused", tone: "warn", icon: FlatPlayerPause },
  failed: { says: "disabled", tone: "bad", icon: FlatAlertTriangle },
} as const;

export function StateBadge({ hook }: { hook: Hook }) {
  const state = stateOf(hook);
  const { says, tone, icon } = SHOWN[state];
  const badge = (
    <ToneBadge tone={tone} icon={icon}>
      {says}
    </ToneBadge>
  );
  const why = reasonOf(hook);
  return why ? <span title={why}>{badge}</span> : badge;
}

/** Why it does not run, where that is not simply because somebody switched it off. */
export function reasonOf(hook: Hook): string | undefined {
  switch (stateOf(hook)) {
    case "paused":
      return "Its deliveries are held up: events are kept for it, and none is attempted.";
    case "failed":
      return `Stagehook disabled it: ${hook.disabled_reason}`;
    default:
      return undefined;
  }
}

/** The way back, where it is held up. */
export function BringBack({ hook, size = "compact-sm" }: { hook: Hook; size?: string }) {
  const mayEdit = useMay("editor");
  const state = stateOf(hook);
  if (!mayEdit || state === "on" || state === "off") return null;
  return (
    <Button
      size={size}
      variant="default"
      leftSection={<IconPlayerPlay size={14} aria-hidden />}
      onClick={() => void (state === "paused" ? resumeHook(hook) : switchHook(hook, true))}
    >
      {state === "paused" ? "Resume" : "Enable again"}
    </Button>
  );
}

/** On the hook's own page. */
export function HeldUpAlert({ hook }: { hook: Hook }) {
  const state = stateOf(hook);
  if (state === "on" || state === "off") return null;
  return (
    <Alert
      color={state === "failed" ? "red" : "orange"}
      styles={{ title: { color: "var(--mantine-color-text)" } }}
      icon={state === "failed" ? <IconAlertTriangle size={18} /> : <IconPlayerPause size={18} />}
      title={state === "failed" ? "Stagehook disabled this hook" : "Deliveries to this hook wait"}
    >
      <Group justify="space-between" align="flex-end">
        <Text fz="sm" maw={640}>
          {state === "failed" ? (
            <>
              {hook.disabled_reason}. Events go on to be kept for it. Once it is enabled again its
              deliveries are made one at a time until one succeeds.
            </>
          ) : (
            <>
              It was paused {hook.paused_at && <Ago at={hook.paused_at} />}. Events are kept for it
              meanwhile, and none is attempted until it is resumed.
            </>
          )}
        </Text>
        <BringBack hook={hook} size="sm" />
      </Group>
    </Alert>
  );
}
