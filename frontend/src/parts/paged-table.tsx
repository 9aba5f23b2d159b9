/** A list that comes in pages, as a table: while it is asked for, as it is, and where it has none. */
import { Skeleton, Stack } from "@mantine/core";
import { type ComponentProps, type ReactNode, useRef } from "react";
import { FreshRows, useIsAway } from "./fresh-rows";
import type { LiveList } from "./live-list";
import classes from "./paged-table.module.css";
import { ProblemAlert } from "./problem-alert";
import { ShowMore } from "./show-more";
import { VirtualTable } from "./virtual-table";

/** As many as are about to be there. */
const AWAITED = 8;

type Table<Row> = Omit<ComponentProps<typeof VirtualTable<Row>>, "rows" | "onEnd">;

export function PagedTable<Row>({
  list,
  empty,
  ...table
}: {
  list: LiveList<Row>;
  /** What is shown where there is none. */
  empty: ReactNode;
} & Table<Row>) {
  const { rows, error, isPending } = list;
  return (
    <>
      <ProblemAlert error={error} onRetry={() => void list.refetch()} />
      {isPending && (
        <Stack gap={4} aria-busy>
          {Array.from({ length: AWAITED }, (_, at) => (
            <Skeleton key={at} h={(table.rowHeight ?? 52) - 4} />
          ))}
        </Stack>
      )}
      {rows.length > 0 && <Rows {...table} list={list} />}
      {rows.length > 0 && <ShowMore list={list} />}
      {!isPending && !error && rows.length === 0 && empty}
    </>
  );
}

function Rows<Row>({ list, ...table }: { list: LiveList<Row> } & Table<Row>) {
  const top = useRef<HTMLDivElement>(null);
  const isAway = useIsAway(top);
  return (
    <div className={classes.frame}>
      <div ref={top} className={classes.fresh}>
        <FreshRows fresh={list.fresh} top={top} isAway={isAway} />
      </div>
      <VirtualTable
        {...table}
        rows={list.rows}
        onEnd={() => {
          if (list.hasNextPage && !list.isFetchingNextPage) void list.fetchNextPage();
        }}
      />
    </div>
  );
}
