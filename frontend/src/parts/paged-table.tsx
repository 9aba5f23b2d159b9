/** A list that comes in pages, as a table: while it is asked for, as it is, and where it has none. */
import { Skeleton, Stack } from "@mantine/core";
import { type ComponentProps, type ReactNode, useMemo } from "react";
import { ProblemAlert } from "./problem-alert";
import { ShowMore } from "./show-more";
import { VirtualTable } from "./virtual-table";

type List<Row> = ComponentProps<typeof ShowMore>["list"] & {
  data: { pages: { items: Row[] }[] } | undefined;
  error: unknown;
  isPending: boolean;
  refetch: () => Promise<unknown>;
};

/** As many as are about to be there. */
const AWAITED = 8;

export function PagedTable<Row>({
  list,
  empty,
  ...table
}: {
  list: List<Row>;
  /** What is shown where there is none. */
  empty: ReactNode;
} & Omit<ComponentProps<typeof VirtualTable<Row>>, "rows" | "onEnd">) {
  const rows = useMemo(() => list.data?.pages.flatMap(({ items }) => items) ?? [], [list.data]);
  return (
    <>
      <ProblemAlert error={list.error} onRetry={() => void list.refetch()} />
      {list.isPending && (
        <Stack gap={4} aria-busy>
          {Array.from({ length: AWAITED }, (_, at) => (
            <Skeleton key={at} h={(table.rowHeight ?? 52) - 4} />
          ))}
        </Stack>
      )}
      {rows.length > 0 && (
        <VirtualTable
          {...table}
          rows={rows}
          onEnd={() => {
            if (list.hasNextPage && !list.isFetchingNextPage) void list.fetchNextPage();
          }}
        />
      )}
      {rows.length > 0 && <ShowMore list={list} />}
      {list.data && rows.length === 0 && empty}
    </>
  );
}
