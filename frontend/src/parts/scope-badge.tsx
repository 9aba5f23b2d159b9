/** Where a hook is defined, and the chain that leads there: studio > project > scene type. */
import { Badge, Tooltip } from "@mantine/core";
import { IconBuilding, IconFolder, IconMovie } from "@tabler/icons-react";
import type { Schemas } from "@/api/client";
import { useScopes } from "./scopes";

type ScopeType = Schemas["ScopeType"];

const SHOWN = {
  studio: { icon: IconBuilding, color: "gray" },
  project: { icon: IconFolder, color: "indigo" },
  scene_type: { icon: IconMovie, color: "grape" },
} as const;

export const sayScopeType = (scope: ScopeType): string =>
  scope === "scene_type" ? "scene type" : scope;

export function ScopeBadge({
  scopeType,
  scopeId,
}: {
  scopeType: ScopeType;
  scopeId?: number | null;
}) {
  const { icon: Icon, color } = SHOWN[scopeType];
  const chain = useScopes().chain(scopeType, scopeId);
  return (
    <Tooltip label={chain.join(" › ")}>
      <Badge
        color={color}
        leftSection={<Icon size={12} aria-hidden />}
        aria-label={chain.join(", ")}
      >
        {chain[chain.length - 1]}
      </Badge>
    </Tooltip>
  );
}
