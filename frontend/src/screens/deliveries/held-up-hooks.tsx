/** Hooks whose deliveries wait, because they failed too often or somebody paused them. */
import { Stack } from "@mantine/core";
import { IconPlayerPause } from "@tabler/icons-react";
import { Link } from "react-router";
import { api } from "@/api/client";
import { Notice } from "@/parts/notice";
import { sentence } from "@/parts/words";
import { WayBack } from "./way-back";

export function HeldUpHooks() {
  // The same answer as the navigation's counts.
  const paused = api.useQuery("get", "/api/v1/overview").data?.attention.paused_hooks;
  if (!paused || paused.count === 0) return null;
  return (
    <Stack gap="xs">
      {paused.items.map((hook) => (
        <Notice
          key={hook.hook_id}
          tone="warn"
          icon={IconPlayerPause}
          title={
            <>
              <Link to={`/hooks/${hook.hook_id}`}>{hook.name}</Link>{" "}
              {hook.reason ? "is disabled" : "is paused"}
            </>
          }
          action={<WayBack hook={hook} size="xs" />}
        >
          {hook.reason
            ? `${sentence(hook.reason)}. What waits for it goes on waiting until it is enabled.`
            : "Somebody paused it. Nothing is attempted until it is resumed."}
        </Notice>
      ))}
    </Stack>
  );
}
