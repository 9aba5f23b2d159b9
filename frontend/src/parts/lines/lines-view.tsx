/**
 * A text of any length in numbered lines, of which only those are drawn that are
 * seen: with search, folding, and addresses of lines (`#stderr-L42`).
 */
import { useVirtualizer } from "@tanstack/react-virtual";
import { type ReactNode, useCallback, useEffect, useMemo, useRef, useState } from "react";
import { useLocation, useNavigate } from "react-router";
import { LineRow } from "./line-row";
import type { Hit, Lines } from "./lines";
import { LinesBar } from "./lines-bar";
import classes from "./lines-view.module.css";
import { useHits } from "./use-hits";

const LINE_HEIGHT = 24;

/** Which line of which text the address names. */
export function targetOf(hash: string): { name: string; line: number } | undefined {
  const found = /^#([a-z][\w-]*)-L(\d{1,9})$/.exec(hash);
  return found ? { name: found[1]!, line: Number(found[2]) - 1 } : undefined;
}

export function LinesView({
  label,
  name,
  lines,
  text,
  fileName,
  aside,
  empty,
  maxHeight = 480,
  isFollowed = false,
}: {
  /** What it is, also for who cannot see it. */
  label: string;
  /** Of the lines' addresses; without it they have none. */
  name?: string;
  lines: Lines;
  /** All of it, to copy and to download. */
  text: () => string;
  fileName: string;
  aside?: ReactNode;
  empty: ReactNode;
  maxHeight?: number;
  /** Whether the end is kept in sight while it grows. */
  isFollowed?: boolean;
}) {
  const scroll = useRef<HTMLDivElement>(null);
  const [isWrapped, setWrapped] = useState(true);
  const [folded, setFolded] = useState<ReadonlySet<number>>(new Set());
  const search = useHits(lines);
  const target = useTarget(name);
  const navigate = useNavigate();

  const seen = useMemo(() => unfolded(lines, folded), [lines, folded]);
  const count = seen?.length ?? lines.count;
  const rows = useVirtualizer({
    count,
    getScrollElement: () => scroll.current,
    estimateSize: () => LINE_HEIGHT,
    getItemKey: (index) => seen?.[index] ?? index,
    overscan: 12,
  });
  const byLine = useMemo(() => groupByLine(search.hits), [search.hits]);

  const show = useCallback(
    (line: number) => {
      // What is sought may be in a block that is folded.
      setFolded((before) => (before.size === 0 ? before : new Set()));
      requestAnimationFrame(() => rows.scrollToIndex(line, { align: "center" }));
    },
    [rows],
  );
  const shown = search.current?.line;
  useEffect(() => {
    if (shown !== undefined) show(shown);
    // eslint-disable-next-line react-hooks/exhaustive-deps -- when another is sought
  }, [shown, search.text]);
  useEffect(() => {
    if (target === undefined || target >= lines.count) return;
    show(target);
    scroll.current?.scrollIntoView({ block: "nearest" });
    // eslint-disable-next-line react-hooks/exhaustive-deps -- when another is named
  }, [target, lines.count > 0]);
  useFollow(scroll, isFollowed, count, () => rows.scrollToIndex(count - 1, { align: "end" }));

  const link = useCallback(
    (line: number) =>
      void navigate(
        { hash: `${name}-L${line + 1}`, search: window.location.search },
        { replace: true, preventScrollReset: true },
      ),
    [navigate, name],
  );
  const toggle = useCallback(
    (line: number) =>
      setFolded((before) => {
        const after = new Set(before);
        if (!after.delete(line)) after.add(line);
        return after;
      }),
    [],
  );

  if (lines.count === 0) {
    return (
      <section className={classes.view} aria-label={label}>
        <div className={classes.empty}>{empty}</div>
      </section>
    );
  }
  const digits = Math.max(3, String(lines.count).length);
  return (
    <section className={classes.view} aria-label={label}>
      <LinesBar
        label={label}
        aside={
          aside ?? `${lines.count.toLocaleString("en")} ${lines.count === 1 ? "line" : "lines"}`
        }
        search={search}
        onStep={(by) => {
          const hit = search.step(by);
          if (hit) show(hit.line);
        }}
        onLink={name === undefined ? undefined : () => search.current && link(search.current.line)}
        isWrapped={isWrapped}
        onWrap={() => {
          setWrapped(!isWrapped);
          rows.measure();
        }}
        text={text}
        fileName={fileName}
      />
      {/* eslint-disable jsx-a11y/no-noninteractive-tabindex -- what scrolls is scrolled by keys */}
      <div
        className={classes.scroll}
        ref={scroll}
        style={{ maxHeight }}
        data-wrap={isWrapped || undefined}
        tabIndex={0}
        role="region"
        aria-label={`${label}, ${lines.count} lines`}
      >
        <div className={classes.rows} style={{ height: rows.getTotalSize() }}>
          {rows.getVirtualItems().map((row) => {
            const line = seen?.[row.index] ?? row.index;
            return (
              <LineRow
                key={row.key}
                ref={rows.measureElement}
                index={row.index}
                top={row.start}
                lines={lines}
                line={line}
                digits={digits}
                name={name}
                isTarget={target === line}
                hits={byLine.get(line)}
                current={search.current}
                isFolded={folded.has(line)}
                onFold={toggle}
                onLink={link}
              />
            );
          })}
        </div>
      </div>
    </section>
  );
}

/** The lines that are not inside a folded block; `undefined` for all. */
function unfolded(lines: Lines, folded: ReadonlySet<number>): number[] | undefined {
  if (folded.size === 0) return undefined;
  const seen: number[] = [];
  for (let line = 0; line < lines.count; line++) {
    seen.push(line);
    if (folded.has(line)) line = (lines.foldEnd?.(line) ?? line + 1) - 1;
  }
  return seen;
}

function groupByLine(hits: readonly Hit[]): Map<number, Hit[]> {
  const groups = new Map<number, Hit[]>();
  for (const hit of hits) {
    const group = groups.get(hit.line);
    if (group) group.push(hit);
    else groups.set(hit.line, [hit]);
  }
  return groups;
}

function useTarget(name: string | undefined): number | undefined {
  const { hash } = useLocation();
  const target = targetOf(hash);
  return target && target.name === name ? target.line : undefined;
}

/** Keeps the end in sight, unless one has scrolled away from it. */
function useFollow(
  scroll: React.RefObject<HTMLDivElement | null>,
  isFollowed: boolean,
  count: number,
  toEnd: () => void,
) {
  const isAtEnd = useRef(true);
  useEffect(() => {
    const element = scroll.current;
    if (!element || !isFollowed) return;
    const onScroll = () => {
      const below = element.scrollHeight - element.scrollTop - element.clientHeight;
      isAtEnd.current = below < 2 * LINE_HEIGHT;
    };
    element.addEventListener("scroll", onScroll, { passive: true });
    return () => element.removeEventListener("scroll", onScroll);
    // eslint-disable-next-line react-hooks/exhaustive-deps -- there once there is a line
  }, [isFollowed, count > 0]);
  useEffect(() => {
    if (isFollowed && isAtEnd.current && count > 0) toEnd();
    // eslint-disable-next-line react-hooks/exhaustive-deps -- when it has grown
  }, [isFollowed, count]);
}
