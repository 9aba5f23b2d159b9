/** How a hook whose deliveries wait gets them again. */
import { Button, type ButtonProps } from "@mantine/core";
import { useState } from "react";
import { useMay } from "@/api/session";
import { tellRefused } from "@/parts/tell";
import { readHook, resumeHook, switchHook } from "@/screens/hooks/change";

/** A hook that somebody paused, or that was disabled for its failures. */
export type HeldUp = {
  hook_id: number;
  name: string;
  /** Why it was disabled. */
  reason?: string | null;
  paused_at?: string | null;
};

export function WayBack({ hook, ...props }: { hook: HeldUp } & ButtonProps) {
  const may = useMay("editor");
  const [isBusy, setBusy] = useState(false);
  if (!may) return null;
  const isDisabled = Boolean(hook.reason);
  const goOn = async () => {
    setBusy(true);
    try {
      const current = await readHook(hook.hook_id);
      if (isDisabled) await switchHook(current, true);
      if (hook.paused_at) await resumeHook(current);
    } catch (error) {
      tellRefused(`${hook.name} was not changed`, error);
    }
    setBusy(false);
  };
  return (
    <Button
      variant="default"
      loading={isBusy}
      onClick={() => void goOn()}
      aria-label={`${isDisabled ? "Enable again" : "Resume"}: ${hook.name}`}
      {...props}
    >
      {isDisabled ? "Enable again" : "Resume"}
    </Button>
  );
}
