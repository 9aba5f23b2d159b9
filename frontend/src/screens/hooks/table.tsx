/** The list itself: only what is seen is drawn, so that ten thousand hooks scroll like ten. */
import {
  DndContext,
  type DragEndEvent,
  KeyboardSensor,
  PointerSensor,
  useSensor,
  useSensors,
} from "@dnd-kit/core";
import { arrayMove, SortableContext, verticalListSortingStrategy } from "@dnd-kit/sortable";
import { Badge, Group, Text, Title } from "@mantine/core";
import { defaultRangeExtractor, useWindowVirtualizer } from "@tanstack/react-virtual";
import { type ReactNode, useCallback, useMemo, useRef, useState } from "react";
import { useNavigate } from "react-router";
import { useMay } from "@/api/session";
import { useListKeys } from "@/keys/list";
import type { Hook } from "@/parts/hook-words";
import { usePlainLinks } from "@/parts/plain-links";
import { useScopes } from "@/parts/scopes";
import { useActivities } from "./activity";
import { orderHooks } from "./change";
import { type Columns, useColumns } from "./columns";
import { announcements, instructions, nextPlace, upAndDown, withinBlock } from "./dragging";
import type { Block, Row } from "./groups";
import { HookRow } from "./row";
import classes from "./table.module.css";

const HEADING_PX = 44;
const ROW_PX = 52;
/** Above and below what is seen. */
const OVERSCAN = 6;

export function HookTable({ rows }: { rows: readonly Row[] }) {
  const navigate = useNavigate();
  const mayEdit = useMay("editor");
  const columns = useColumns();
  const body = useRef<HTMLTableSectionElement>(null);
  const [dragged, setDragged] = useState<number>();
  /** Of which block one is about to drag a hook; see HookRow. */
  const [armed, setArmed] = useState<string>();
  const scopeOf = useScopeNames();
  const onClick = usePlainLinks();

  const hookRows = useMemo(
    () => rows.flatMap((row, at) => (row.kind === "hook" ? [{ row, at }] : [])),
    [rows],
  );
  const indexes = useMemo(() => new Map(hookRows.map(({ row }, at) => [row.key, at])), [hookRows]);
  const draggedAt = rows.findIndex((row) => row.kind === "hook" && row.hook.id === dragged);
  const virtualizer = useWindowVirtualizer({
    count: rows.length,
    estimateSize: (at) => (rows[at]?.kind === "heading" ? HEADING_PX : ROW_PX),
    getItemKey: (at) => rows[at]?.key ?? at,
    overscan: OVERSCAN,
    scrollMargin: body.current?.offsetTop ?? 0,
    // What is dragged stays, however far one scrolls.
    rangeExtractor: (range) => {
      const seen = defaultRangeExtractor(range);
      if (draggedAt < 0 || seen.includes(draggedAt)) return seen;
      return [...seen, draggedAt].sort((a, b) => a - b);
    },
  });

  const cursor = useListKeys(
    hookRows.length,
    (index) => void navigate(`/hooks/${hookRows[index]?.row.hook.id}`),
    (index) => {
      const at = hookRows[index]?.at;
      if (at !== undefined) virtualizer.scrollToIndex(at, { align: "auto" });
    },
  );

  const onMove = useCallback((block: Block, from: number, to: number) => {
    const moved = block.hooks[from];
    if (!moved || from === to || to < 0 || to >= block.hooks.length) return;
    const after = arrayMove(block.hooks, from, to);
    void orderHooks(block.hooks, after, `${moved.name} runs in place ${to + 1} now`);
  }, []);
  const onArm = useCallback((block: Block) => setArmed(block.key), []);
  const onDragEnd = ({ active, over }: DragEndEvent) => {
    setDragged(undefined);
    const block = (active.data.current as { block?: Block } | undefined)?.block;
    if (!block || !over) return;
    const at = (id: unknown) => block.hooks.findIndex((hook) => hook.id === id);
    onMove(block, at(active.id), at(over.id));
  };
  const sensors = useSensors(
    useSensor(PointerSensor, { activationConstraint: { distance: 4 } }),
    useSensor(KeyboardSensor, { coordinateGetter: nextPlace }),
  );

  const drawn = virtualizer.getVirtualItems();
  const activityOf = useActivities(
    drawn.flatMap(({ index }) => {
      const row = rows[index];
      return row?.kind === "hook" ? [row.hook.id] : [];
    }),
  );
  const margin = virtualizer.options.scrollMargin;
  const gap = (px: number, key: string) =>
    px > 0 && (
      <tr key={key} aria-hidden>
        <td colSpan={columns.count} style={{ height: px, padding: 0 }} />
      </tr>
    );

  const content: ReactNode[] = [];
  let end = margin;
  let run: { block: Block; rows: ReactNode[] } | undefined;
  const closeRun = () => {
    if (!run) return;
    const { block, rows } = run;
    content.push(
      <SortableContext key={block.key} items={block.ids} strategy={verticalListSortingStrategy}>
        {rows}
      </SortableContext>,
    );
    run = undefined;
  };
  for (const item of drawn) {
    const row = rows[item.index];
    if (!row) continue;
    const before = gap(item.start - end, `gap ${item.key}`);
    end = item.end;
    if (row.kind === "heading") {
      closeRun();
      if (before) content.push(before);
      content.push(
        <Heading key={row.key} row={row} position={item.index + 2} span={columns.count} />,
      );
      continue;
    }
    if (run?.block !== row.block) closeRun();
    run ??= { block: row.block, rows: [] };
    if (before) run.rows.push(before);
    const index = indexes.get(row.key) ?? -1;
    run.rows.push(
      <HookRow
        key={row.key}
        row={row}
        index={index}
        position={item.index + 2}
        isUnderCursor={index === cursor}
        columns={columns}
        scope={scopeOf(row.hook)}
        activity={activityOf(row.hook.id)}
        mayEdit={mayEdit}
        isArmed={armed === row.block.key}
        onArm={onArm}
        onMove={onMove}
      />,
    );
  }
  closeRun();

  return (
    <DndContext
      sensors={sensors}
      collisionDetection={withinBlock}
      modifiers={[upAndDown]}
      accessibility={{ announcements, screenReaderInstructions: instructions }}
      onDragStart={({ active }) => setDragged(Number(active.id))}
      onDragCancel={() => setDragged(undefined)}
      onDragEnd={onDragEnd}
    >
      <table
        className={classes.table}
        data-narrow={!columns.wide || undefined}
        aria-rowcount={rows.length + 1}
        aria-label="Hooks"
      >
        <Head columns={columns} />
        {/* eslint-disable-next-line jsx-a11y/click-events-have-key-events, jsx-a11y/no-noninteractive-element-interactions -- the links in it have the keys */}
        <tbody ref={body} onClick={onClick}>
          {content}
          {gap(margin + virtualizer.getTotalSize() - end, "rest")}
        </tbody>
      </table>
    </DndContext>
  );
}

/** The names of a hook's scope, the same array for all hooks of it. */
function useScopeNames(): (hook: Hook) => readonly string[] {
  const { chain, projects, sceneTypes } = useScopes();
  const known = useMemo(
    () => new Map<string, readonly string[]>(),
    // eslint-disable-next-line react-hooks/exhaustive-deps -- what the names are made of
    [projects, sceneTypes],
  );
  return ({ scope_type, scope_id }) => {
    const key = `${scope_type} ${scope_id}`;
    const names = known.get(key) ?? chain(scope_type, scope_id);
    known.set(key, names);
    return names;
  };
}

function Head({ columns }: { columns: Columns }) {
  return (
    <thead>
      <tr aria-rowindex={1}>
        {columns.order && (
          <th scope="col" className={classes.order}>
            Order
          </th>
        )}
        <th scope="col">Name</th>
        <th scope="col" className={classes.state}>
          {columns.wide ? "State" : "State, scope"}
        </th>
        {columns.wide && (
          <>
            <th scope="col" className={classes.type}>
              Type
            </th>
            <th scope="col" className={classes.scope}>
              Scope
            </th>
            <th scope="col" className={classes.failure}>
              If it fails
            </th>
            <th scope="col" className={`${classes.timeout} ${classes.number}`}>
              Timeout
            </th>
          </>
        )}
        {columns.runs && (
          <th scope="col" className={classes.runs}>
            Last runs
          </th>
        )}
        {columns.wide && (
          <th scope="col" className={`${classes.duration} ${classes.number}`}>
            <abbr title="95 of the last 100 runs took no longer">p95</abbr>
          </th>
        )}
        <th scope="col" className={classes.switch}>
          On
        </th>
      </tr>
    </thead>
  );
}

function Heading({
  row,
  position,
  span,
}: {
  row: Extract<Row, { kind: "heading" }>;
  position: number;
  span: number;
}) {
  return (
    <tr aria-rowindex={position}>
      <th scope="rowgroup" colSpan={span} className={classes.heading}>
        <Group gap="xs" wrap="nowrap">
          <Title order={2} fz="sm" className="mono">
            {row.title}
          </Title>
          <Text component="span" fz="sm" c="dimmed">
            {row.says}
          </Text>
          <Badge variant="default" size="sm">
            {row.count}
          </Badge>
        </Group>
      </th>
    </tr>
  );
}
