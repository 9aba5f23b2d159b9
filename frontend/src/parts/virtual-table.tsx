/**
 * A table of any length that draws only the rows that are seen. Rows have one height,
 * and are opened by a click, by their link, or by the keys of lists.
 */
import { Box, type MantineBreakpoint } from "@mantine/core";
import { useWindowVirtualizer } from "@tanstack/react-virtual";
import { type Key, type ReactNode, useCallback, useEffect, useRef, useState } from "react";
import { useListKeys } from "@/keys/list";
import type { Tone } from "./outcome";
import classes from "./virtual-table.module.css";

export type Column<Row> = {
  name: string;
  /** CSS; those without one share what is left. */
  width?: string;
  align?: "right";
  /** Left out on narrower screens. */
  from?: MantineBreakpoint;
  cell: (row: Row) => ReactNode;
};

export function VirtualTable<Row>({
  label,
  columns,
  rows,
  rowKey,
  rowHeight = 52,
  toneOf,
  onOpen,
  onEnd,
}: {
  label: string;
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  rowKey: (row: Row) => Key;
  rowHeight?: number;
  /** Rows of a tone other than "good" are marked. */
  toneOf?: (row: Row) => Tone;
  onOpen: (row: Row) => void;
  /** The last row is, or is about to be, seen. */
  onEnd?: () => void;
}) {
  const body = useRef<HTMLTableSectionElement>(null);
  const above = useAbove(body, rows.length > 0);
  const virtual = useWindowVirtualizer({
    count: rows.length,
    estimateSize: () => rowHeight,
    overscan: 12,
    scrollMargin: above,
    getItemKey: (index) => rowKey(rows[index]!),
  });
  const cursor = useListKeys(
    rows.length,
    useCallback(
      (index: number) => rows[index] !== undefined && onOpen(rows[index]),
      [rows, onOpen],
    ),
    useCallback((index: number) => virtual.scrollToIndex(index, { align: "auto" }), [virtual]),
  );
  const items = virtual.getVirtualItems();
  const first = items[0];
  const last = items[items.length - 1];
  const isAtEnd = last !== undefined && last.index >= rows.length - 8;
  useEffect(() => {
    if (isAtEnd) onEnd?.();
    // eslint-disable-next-line react-hooks/exhaustive-deps -- once for each end
  }, [isAtEnd, rows.length]);
  const before = first ? first.start - above : 0;
  const after = last ? virtual.getTotalSize() - (last.end - above) : 0;
  return (
    <div className={classes.frame}>
      <table className={classes.table} aria-label={label} aria-rowcount={rows.length + 1}>
        <thead>
          <tr>
            {columns.map(({ name, width, align, from }) => (
              <Box component="th" scope="col" key={name} visibleFrom={from} w={width} ta={align}>
                {name}
              </Box>
            ))}
          </tr>
        </thead>
        <tbody ref={body}>
          {before > 0 && <Spacer height={before} columns={columns.length} />}
          {items.map(({ index, key }) => {
            const row = rows[index]!;
            return (
              // The link in the row is for keys; a click anywhere on it does the same.

              <tr
                key={key}
                data-row={index}
                data-cursor={cursor === index || undefined}
                data-tone={toneOf?.(row)}
                aria-rowindex={index + 2}
                style={{ height: rowHeight }}
                onClick={(event) => {
                  if (isOwnClick(event)) onOpen(row);
                }}
              >
                {columns.map(({ name, align, from, cell }) => (
                  <Box component="td" key={name} visibleFrom={from} ta={align}>
                    {cell(row)}
                  </Box>
                ))}
              </tr>
            );
          })}
          {after > 0 && <Spacer height={after} columns={columns.length} />}
        </tbody>
      </table>
    </div>
  );
}

function Spacer({ height, columns }: { height: number; columns: number }) {
  return (
    <tr aria-hidden className={classes.spacer}>
      <td colSpan={columns} style={{ height }} />
    </tr>
  );
}

/** Not one on a link or a button in the row, nor the end of marking text. */
function isOwnClick(event: React.MouseEvent): boolean {
  const target = event.target;
  if (!(target instanceof Element) || target.closest("a, button, input, label")) return false;
  return !event.ctrlKey && !event.metaKey && window.getSelection()?.isCollapsed !== false;
}

/** How far below the top of the page the rows begin. */
function useAbove(body: React.RefObject<HTMLElement | null>, isThere: boolean): number {
  const [above, setAbove] = useState(0);
  useEffect(() => {
    const element = body.current;
    if (!element) return;
    const measure = () => setAbove(element.getBoundingClientRect().top + window.scrollY);
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(document.body);
    return () => observer.disconnect();
  }, [body, isThere]);
  return above;
}
