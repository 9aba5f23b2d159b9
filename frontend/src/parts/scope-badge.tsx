/**
 * Where a hook is defined, and the chain that leads there: studio > project > scene type.
 * Made of little: a list draws dozens of them while it is scrolled.
 */
import { IconBuilding, IconFolder, IconMovie } from "@tabler/icons-react";
import type { Schemas } from "@/api/client";
import classes from "./scope-badge.module.css";
import { useScopes } from "./scopes";

type ScopeType = Schemas["ScopeType"];

const ICONS = { studio: IconBuilding, project: IconFolder, scene_type: IconMovie } as const;

export const sayScopeType = (scope: ScopeType): string =>
  scope === "scene_type" ? "scene type" : scope;

export function ScopeBadge({
  scopeType,
  scopeId,
}: {
  scopeType: ScopeType;
  scopeId?: number | null;
}) {
  const Icon = ICONS[scopeType];
  const chain = useScopes().chain(scopeType, scopeId);
  return (
    <span
      className={classes.badge}
      data-scope={scopeType}
      title={chain.join(" › ")}
      role="img"
      aria-label={chain.join(", ")}
    >
      <Icon size={12} aria-hidden />
      <span className={classes.name}>{chain[chain.length - 1]}</span>
    </span>
  );
}
