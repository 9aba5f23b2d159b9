/** What one level has of one name. */
import { ActionIcon, Anchor, Group, Menu, Text } from "@mantine/core";
import {
  IconArrowBackUp,
  IconArrowMergeBoth,
  IconDots,
  IconExternalLink,
  IconGitBranch,
  IconPower,
} from "@tabler/icons-react";
import { useState } from "react";
import { Link } from "react-router";
import { useMay } from "@/api/session";
import { Confirm } from "@/parts/confirm";
import { TrustedBadge, TYPE_ICONS } from "@/parts/hook-badges";
import { type HookDocument, sayWhatRuns } from "@/parts/hook-words";
import { overridePath, setExtends, switchOffHere, switchOwn, takeAway } from "./actions";
import classes from "./inheritance.module.css";
import { cellAt, type Lane, type Placed } from "./lanes";
import { sayScope, type Scope } from "./scope";

export function CellView({ lane, scope, chain }: { lane: Lane; scope: Scope; chain: Scope[] }) {
  const cell = cellAt(lane, scope.level);
  switch (cell.kind) {
    case "none":
      return (
        <Text fz="sm" c="dimmed" aria-label="not set here" className={classes.none}>
          –
        </Text>
      );
    case "inherited":
      return <Inherited lane={lane} from={cell.from} scope={scope} chain={chain} />;
    default:
      return (
        <Own lane={lane} placed={cell.placed} above={cell.above} scope={scope} chain={chain} />
      );
  }
}

function nameOf(chain: Scope[], level: Scope["level"]): string {
  const scope = chain.find((scope) => scope.level === level);
  return scope ? (level === "studio" ? "the studio" : sayScope(scope)) : level;
}

/** From above: dotted, with what can be done about it here. */
function Inherited({
  lane,
  from,
  scope,
  chain,
}: {
  lane: Lane;
  from: Placed;
  scope: Scope;
  chain: Scope[];
}) {
  const mayEdit = useMay("editor");
  const { hook } = from;
  return (
    <div className={classes.card} data-kind="inherited" data-off={!hook.enabled || undefined}>
      <div className={classes.body}>
        <div className={classes.title}>{lane.name}</div>
        <Text fz="xs" c="dimmed">
          {hook.enabled
            ? `inherited from ${nameOf(chain, from.level)}`
            : `switched off by ${nameOf(chain, from.level)}`}
        </Text>
        {mayEdit && (
          <Group gap="xs" mt={2}>
            <Anchor
              component={Link}
              to={overridePath(hook, scope)}
              fz="xs"
              aria-label={`Override ${lane.name} here, for ${sayScope(scope)}`}
            >
              Override here
            </Anchor>
            {hook.enabled && (
              <Anchor
                component="button"
                type="button"
                fz="xs"
                onClick={() => void switchOffHere(hook, scope)}
                aria-label={`Switch off ${lane.name} here, for ${sayScope(scope)}`}
              >
                Switch off here
              </Anchor>
            )}
          </Group>
        )}
      </div>
    </div>
  );
}

/** A hook of this level. */
function Own({
  lane,
  placed,
  above,
  scope,
  chain,
}: {
  lane: Lane;
  placed: Placed;
  above: Placed | undefined;
  scope: Scope;
  chain: Scope[];
}) {
  const { hook, fate } = placed;
  const Icon = TYPE_ICONS[hook.hook_type];
  const isLost = fate.kind === "overridden" || fate.kind === "switched_off";
  return (
    <div
      className={classes.card}
      data-kind="own"
      data-off={fate.kind === "off" || undefined}
      data-lost={isLost || undefined}
      id={`hook-${hook.id}`}
    >
      <Icon size={16} stroke={1.7} aria-hidden className={classes.icon} />
      <div className={classes.body}>
        <Group gap={6} wrap="nowrap">
          <Link to={`/hooks/${hook.id}`} className={classes.title}>
            {isLost ? <del>{lane.name}</del> : lane.name}
          </Link>
          <TrustedBadge hook={hook} />
        </Group>
        <Text fz="xs" c="dimmed" truncate className="mono" title={sayWhatRuns(hook)}>
          {sayWhatRuns(hook)}
        </Text>
        <FateLine lane={lane} placed={placed} above={above} chain={chain} />
      </div>
      <OwnMenu hook={hook} above={above} scope={scope} />
    </div>
  );
}

function FateLine({
  lane,
  placed,
  above,
  chain,
}: {
  lane: Lane;
  placed: Placed;
  above: Placed | undefined;
  chain: Scope[];
}) {
  const { fate, hook } = placed;
  if (fate.kind === "overridden" || fate.kind === "switched_off") {
    const by = lane.placed.find((other) => other.hook.id === fate.by);
    const whose = by ? nameOf(chain, by.level) : `hook ${fate.by}`;
    return (
      <Text fz="xs">
        {fate.kind === "overridden" ? "overridden by " : "switched off by "}
        <Anchor component={Link} to={`/hooks/${fate.by}`} fz="xs">
          {whose}
        </Anchor>
        {fate.kind === "overridden" && fate.runsAllTheSame && ", which calls it first"}
      </Text>
    );
  }
  if (fate.kind === "off") {
    return (
      <Text fz="xs">
        switched off
        {above && `, and so is the one of ${nameOf(chain, above.level)}`}
      </Text>
    );
  }
  if (!above) return null;
  return (
    <Text fz="xs">
      {hook.extends
        ? `calls the one of ${nameOf(chain, above.level)} first`
        : `overrides the one of ${nameOf(chain, above.level)}`}
    </Text>
  );
}

function OwnMenu({
  hook,
  above,
  scope,
}: {
  hook: HookDocument;
  above: Placed | undefined;
  scope: Scope;
}) {
  const mayEdit = useMay("editor");
  const [isLeaving, setLeaving] = useState(false);
  return (
    <>
      <Menu position="bottom-end" width={250}>
        <Menu.Target>
          <ActionIcon
            variant="subtle"
            color="gray"
            size={26}
            aria-label={`What can be done with ${hook.name} of ${sayScope(scope)}`}
          >
            <IconDots size={16} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item
            component={Link}
            to={`/hooks/${hook.id}`}
            leftSection={<IconExternalLink size={16} />}
          >
            Open it
          </Menu.Item>
          {mayEdit && (
            <Menu.Item
              component={Link}
              to={`/hooks/${hook.id}/edit`}
              leftSection={<IconGitBranch size={16} />}
            >
              Edit it
            </Menu.Item>
          )}
          {mayEdit && (
            <Menu.Item leftSection={<IconPower size={16} />} onClick={() => void switchOwn(hook)}>
              {hook.enabled ? "Switch off" : "Switch on"}
            </Menu.Item>
          )}
          {mayEdit && above && hook.enabled && (
            <Menu.Item
              leftSection={<IconArrowMergeBoth size={16} />}
              onClick={() => void setExtends(hook, !hook.extends)}
            >
              {hook.extends ? "Do not call the one it overrides" : "Call the one it overrides"}
            </Menu.Item>
          )}
          {mayEdit && above && (
            <Menu.Item leftSection={<IconArrowBackUp size={16} />} onClick={() => setLeaving(true)}>
              Inherit again
            </Menu.Item>
          )}
        </Menu.Dropdown>
      </Menu>
      {isLeaving && (
        <Confirm
          title={`Inherit ${hook.name} again?`}
          says={`The hook of ${sayScope(scope)} is deleted, and the one from above applies again. Its executions and revisions stay on record.`}
          action="Delete and inherit"
          onConfirm={() => takeAway(hook)}
          onClose={() => setLeaving(false)}
        />
      )}
    </>
  );
}
