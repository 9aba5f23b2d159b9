/**
 * One hook in the list, made of little: while one scrolls, dozens of rows are made in
 * a second. What it takes to drag it is there once one is about to.
 */
import { useSortable } from "@dnd-kit/sortable";
import { CSS } from "@dnd-kit/utilities";
import { type CSSProperties, type HTMLAttributes, memo, type Ref, useState } from "react";
import { flushSync } from "react-dom";
import { FlatChevronDown, FlatChevronUp } from "@/parts/flat-icon";
import { HookTypeMark, TrustedBadge } from "@/parts/hook-badges";
import { FAILURE_MODES, sayHookType, timeoutOf } from "@/parts/hook-words";
import { RunDots } from "@/parts/run-dots";
import { ScopeMark } from "@/parts/scope-badge";
import { sayDuration } from "@/parts/time";
import type { Activity } from "./activity";
import { switchHook } from "./change";
import type { Columns } from "./columns";
import type { Block, Row } from "./groups";
import { BringBack, StateBadge, stateOf } from "./state";
import classes from "./table.module.css";

type Props = {
  row: Extract<Row, { kind: "hook" }>;
  /** Among the hooks that are listed. */
  index: number;
  /** Among all rows of the table. */
  position: number;
  isUnderCursor: boolean;
  columns: Columns;
  /** The names from the studio down to its scope. */
  scope: readonly string[];
  activity: Activity | undefined;
  mayEdit: boolean;
  /** Whether one is about to drag a hook of its block. */
  isArmed: boolean;
  onArm: (block: Block) => void;
  onMove: (block: Block, from: number, to: number) => void;
};

/** What makes it one that can be dragged. */
type Dragging = {
  row: { ref: Ref<HTMLTableRowElement>; style: CSSProperties; isDragging: boolean };
  handle: HTMLAttributes<HTMLButtonElement> & { ref: Ref<HTMLButtonElement> };
};

export const HookRow = memo(function HookRow(props: Props) {
  return props.isArmed ? <SortableRow {...props} /> : <PlainRow {...props} />;
});

function SortableRow(props: Props) {
  const { hook, block } = props.row;
  const sortable = useSortable({ id: hook.id, data: { block, name: hook.name } });
  return (
    <PlainRow
      {...props}
      dragging={{
        row: {
          ref: sortable.setNodeRef,
          style: {
            transform: CSS.Translate.toString(sortable.transform),
            transition: sortable.transition,
          },
          isDragging: sortable.isDragging,
        },
        handle: {
          ref: sortable.setActivatorNodeRef,
          ...sortable.attributes,
          ...sortable.listeners,
        },
      }}
    />
  );
}

function PlainRow(props: Props & { dragging?: Dragging }) {
  const { row, index, position, isUnderCursor, columns, scope, activity, mayEdit, dragging } =
    props;
  const { hook } = row;
  const state = stateOf(hook);
  const failure = FAILURE_MODES.find(({ name }) => name === hook.failure_mode)?.says;
  const p95 = typeof activity?.p95_ms === "number" ? sayDuration(activity.p95_ms) : "";
  const mark = <ScopeMark scopeType={hook.scope_type} chain={scope} />;
  return (
    <tr
      ref={dragging?.row.ref}
      style={dragging?.row.style}
      className={classes.row}
      data-row={index}
      data-cursor={isUnderCursor || undefined}
      data-off={!hook.enabled || undefined}
      data-dragging={dragging?.row.isDragging || undefined}
      aria-rowindex={position}
    >
      {columns.order && (
        <td className={classes.order}>
          <Place {...props} />
        </td>
      )}
      <td>
        <div className={classes.what}>
          <div>
            <a href={`/hooks/${hook.id}`} className={classes.name}>
              {hook.name}
            </a>
            {columns.wide ? (
              hook.description && <div className={classes.description}>{hook.description}</div>
            ) : (
              <div className={classes.description} title="Type, what failing does, timeout">
                {sayHookType(hook.hook_type)} · {failure} · {timeoutOf(hook)} s
              </div>
            )}
          </div>
          <TrustedBadge hook={hook} />
          {(state === "paused" || state === "failed") && <BringBack hook={hook} />}
        </div>
      </td>
      <td className={classes.state}>
        <StateBadge hook={hook} />
        {!columns.wide && <div className={classes.below}>{mark}</div>}
      </td>
      {columns.wide && (
        <>
          <td className={classes.type}>
            <HookTypeMark type={hook.hook_type} />
          </td>
          <td className={classes.scope}>{mark}</td>
          <td className={classes.failure}>{failure}</td>
          <td className={`${classes.timeout} ${classes.number}`}>{timeoutOf(hook)} s</td>
        </>
      )}
      {columns.runs && (
        <td className={classes.runs}>
          {activity && <RunDots runs={activity.runs} />}
          {!columns.wide && p95 && <div className={classes.description}>p95 {p95}</div>}
        </td>
      )}
      {columns.wide && <td className={`${classes.duration} ${classes.number}`}>{p95}</td>}
      <td className={classes.switch}>
        <Enabled hook={hook} mayEdit={mayEdit} />
      </td>
    </tr>
  );
}

/** Its place, and how it gets another one. */
function Place({
  row,
  mayEdit,
  isArmed,
  onArm,
  onMove,
  dragging,
}: Props & { dragging?: Dragging }) {
  const { hook, block, at } = row;
  if (!mayEdit || block.hooks.length < 2) {
    return <span className={classes.quiet}>{at + 1}.</span>;
  }
  const arm = () => {
    // Before the key or the button that comes next: it is for what is there then.
    if (!isArmed) flushSync(() => onArm(block));
  };
  const move = (direction: "up" | "down") => {
    onMove(block, at, direction === "up" ? at - 1 : at + 1);
    // The row goes elsewhere in the page, and the focus with it.
    requestAnimationFrame(() => focusOnMove(direction, hook.id));
  };
  return (
    <div className={classes.places}>
      <button
        type="button"
        className={`${classes.button} ${classes.handle}`}
        {...dragging?.handle}
        aria-roledescription="sortable"
        aria-label={`Drag ${hook.name} to another place`}
        data-handle={hook.id}
        onPointerEnter={arm}
        onFocus={() => {
          if (isArmed) return;
          arm();
          document.querySelector<HTMLElement>(`[data-handle="${hook.id}"]`)?.focus();
        }}
      />
      <button
        type="button"
        className={classes.button}
        disabled={at === 0}
        onClick={() => move("up")}
        data-move={`up ${hook.id}`}
        aria-label={`Move ${hook.name} up`}
      >
        <FlatChevronUp size={15} />
      </button>
      <button
        type="button"
        className={classes.button}
        disabled={at === block.hooks.length - 1}
        onClick={() => move("down")}
        data-move={`down ${hook.id}`}
        aria-label={`Move ${hook.name} down`}
      >
        <FlatChevronDown size={15} />
      </button>
    </div>
  );
}

function focusOnMove(direction: "up" | "down", id: number) {
  const button = (direction: string) =>
    document.querySelector<HTMLButtonElement>(`[data-move="${direction} ${id}"]:not(:disabled)`);
  (button(direction) ?? button(direction === "up" ? "down" : "up"))?.focus();
}

function Enabled({ hook, mayEdit }: { hook: Props["row"]["hook"]; mayEdit: boolean }) {
  const [isBusy, setBusy] = useState(false);
  return (
    <input
      type="checkbox"
      role="switch"
      className={classes.toggle}
      checked={hook.enabled}
      disabled={!mayEdit || isBusy}
      title={hook.enabled ? "Switch off" : "Switch on"}
      aria-label={`${hook.name} is on`}
      onChange={async (event) => {
        setBusy(true);
        await switchHook(hook, event.currentTarget.checked);
        setBusy(false);
      }}
    />
  );
}
