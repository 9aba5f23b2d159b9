/** One hook in the list. */
import { useSortable } from "@dnd-kit/sortable";
import { CSS } from "@dnd-kit/utilities";
import { ActionIcon, Group, Switch, Tooltip } from "@mantine/core";
import { IconChevronDown, IconChevronUp, IconGripVertical } from "@tabler/icons-react";
import { memo, useState } from "react";
import { Link } from "react-router";
import { HookTypeMark, TrustedBadge } from "@/parts/hook-badges";
import { FAILURE_MODES, timeoutOf } from "@/parts/hook-words";
import { RunDots } from "@/parts/run-dots";
import { ScopeBadge } from "@/parts/scope-badge";
import { sayDuration } from "@/parts/time";
import { useActivity } from "./activity";
import { switchHook } from "./change";
import type { Block, Row } from "./groups";
import { BringBack, StateBadge, stateOf } from "./state";
import classes from "./table.module.css";

export const HookRow = memo(function HookRow({
  row,
  index,
  position,
  isUnderCursor,
  mayEdit,
  onMove,
}: {
  row: Extract<Row, { kind: "hook" }>;
  /** Among the hooks that are listed. */
  index: number;
  /** Among all rows of the table. */
  position: number;
  isUnderCursor: boolean;
  mayEdit: boolean;
  onMove: (block: Block, from: number, to: number) => void;
}) {
  const { hook, block, at } = row;
  const [isBusy, setBusy] = useState(false);
  const activity = useActivity(hook.id);
  const isMovable = mayEdit && block.hooks.length > 1;
  const sortable = useSortable({
    id: hook.id,
    data: { block, name: hook.name },
    disabled: !isMovable,
  });
  const move = (direction: "up" | "down") => {
    onMove(block, at, direction === "up" ? at - 1 : at + 1);
    // The row goes elsewhere in the page, and the focus with it.
    requestAnimationFrame(() => focusOn(direction, hook.id));
  };
  const state = stateOf(hook);
  return (
    <tr
      ref={sortable.setNodeRef}
      className={classes.row}
      style={{
        transform: CSS.Translate.toString(sortable.transform),
        transition: sortable.transition,
      }}
      data-row={index}
      data-cursor={isUnderCursor || undefined}
      data-off={!hook.enabled || undefined}
      data-dragging={sortable.isDragging || undefined}
      aria-rowindex={position}
    >
      <td className={classes.order}>
        {isMovable ? (
          <Group gap={0} wrap="nowrap">
            <ActionIcon
              ref={sortable.setActivatorNodeRef}
              className={classes.handle}
              variant="subtle"
              color="gray"
              size={28}
              {...sortable.attributes}
              {...sortable.listeners}
              aria-label={`Drag ${hook.name} to another place`}
            >
              <IconGripVertical size={16} />
            </ActionIcon>
            <ActionIcon
              className={classes.move}
              variant="subtle"
              color="gray"
              size={24}
              disabled={at === 0}
              onClick={() => move("up")}
              data-move={`up ${hook.id}`}
              aria-label={`Move ${hook.name} up`}
            >
              <IconChevronUp size={15} />
            </ActionIcon>
            <ActionIcon
              className={classes.move}
              variant="subtle"
              color="gray"
              size={24}
              disabled={at === block.hooks.length - 1}
              onClick={() => move("down")}
              data-move={`down ${hook.id}`}
              aria-label={`Move ${hook.name} down`}
            >
              <IconChevronDown size={15} />
            </ActionIcon>
          </Group>
        ) : (
          <span className={classes.quiet}>{at + 1}.</span>
        )}
      </td>
      <td>
        <Group gap={8} wrap="nowrap">
          <div style={{ minWidth: 0 }}>
            <Link to={`/hooks/${hook.id}`} className={classes.name}>
              {hook.name}
            </Link>
            {hook.description && <div className={classes.description}>{hook.description}</div>}
          </div>
          <TrustedBadge hook={hook} />
          {(state === "paused" || state === "failed") && <BringBack hook={hook} />}
        </Group>
      </td>
      <td className={classes.state}>
        <StateBadge hook={hook} />
      </td>
      <td className={classes.type}>
        <HookTypeMark type={hook.hook_type} />
      </td>
      <td className={classes.scope}>
        <ScopeBadge scopeType={hook.scope_type} scopeId={hook.scope_id} />
      </td>
      <td className={classes.failure}>
        {FAILURE_MODES.find(({ name }) => name === hook.failure_mode)?.says}
      </td>
      <td className={`${classes.timeout} ${classes.number}`}>{timeoutOf(hook)} s</td>
      <td className={classes.runs}>{activity && <RunDots runs={activity.runs} />}</td>
      <td className={`${classes.duration} ${classes.number}`}>
        {typeof activity?.p95_ms === "number" ? sayDuration(activity.p95_ms) : ""}
      </td>
      <td className={classes.switch}>
        <Tooltip label={hook.enabled ? "Switch off" : "Switch on"}>
          <Switch
            checked={hook.enabled}
            disabled={!mayEdit || isBusy}
            onChange={async (event) => {
              setBusy(true);
              await switchHook(hook, event.currentTarget.checked);
              setBusy(false);
            }}
            aria-label={`${hook.name} is on`}
            withThumbIndicator={false}
          />
        </Tooltip>
      </td>
    </tr>
  );
});

function focusOn(direction: "up" | "down", id: number) {
  const button = (direction: string) =>
    document.querySelector<HTMLButtonElement>(`[data-move="${direction} ${id}"]:not(:disabled)`);
  (button(direction) ?? button(direction === "up" ? "down" : "up"))?.focus();
}
