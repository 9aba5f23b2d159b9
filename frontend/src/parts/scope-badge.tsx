/**
 * Where a hook is defined, and the chain that leads there: studio > project > scene type.
 * Made of little: a list draws dozens of them while it is scrolled.
 */
import type { Schemas } from "@/api/client";
import { FlatBuilding, FlatFolder, FlatMovie } from "./flat-icon";
import classes from "./scope-badge.module.css";
import { useScopes } from "./scopes";

type ScopeType = Schemas["ScopeType"];

const ICONS = { studio: FlatBuilding, project: FlatFolder, scene_type: FlatMovie } as const;

export function ScopeBadge({
  scopeType,
  scopeId,
}: {
  scopeType: ScopeType;
  scopeId?: number | null;
}) {
  return <ScopeMark scopeType={scopeType} chain={useScopes().chain(scopeType, scopeId)} />;
}

/** The same where the chain's names are known. */
export function ScopeMark({
  scopeType,
  chain,
}: {
  scopeType: ScopeType;
  chain: readonly string[];
}) {
  const Icon = ICONS[scopeType];
  return (
    <span
      className={classes.badge}
      data-scope={scopeType}
      title={chain.join(" › ")}
      role="img"
      aria-label={chain.join(", ")}
    >
      <Icon size={12} />
      <span className={classes.name}>{chain[chain.length - 1]}</span>
    </span>
  );
}
