/**
 * A list that comes in pages, newest first, and stays where it is while one reads: its
 * rows are kept as they are on the server, and what is new is counted until it is let in.
 */
import { keepPreviousData, useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useEffect, useMemo } from "react";
import { problemOf } from "@/api/problem";
import { PAGES, queries } from "@/api/queries";
import { compared, type PageOf } from "./newest";
import { PAGED } from "./show-more";

type Asked<Query> = Query & { limit: number; cursor?: string };

export function useLiveList<Row extends { id: number | string }, Query extends object>(
  /** As in the API's document. */
  route: string,
  query: Query,
  ask: (
    asked: Asked<Query>,
    signal: AbortSignal,
  ) => Promise<{ data?: PageOf<Row>; error?: unknown }>,
  {
    limit = 100,
    isEnded = false,
    keepsRows = false,
  }: {
    limit?: number;
    /** Nothing can be new. */
    isEnded?: boolean;
    /** Those of another query are shown until the first page is there. */
    keepsRows?: boolean;
  } = {},
) {
  // Live events do not have all pages asked for again, but the first: see queries.ts.
  const key = [PAGES, route, query, limit];
  const newestKey = ["newest", route, query, limit];
  const page = async (cursor: string | undefined, signal: AbortSignal): Promise<PageOf<Row>> => {
    const { data, error } = await ask({ ...query, limit, cursor }, signal);
    if (!data) throw problemOf(error);
    return data;
  };
  const list = useInfiniteQuery({
    queryKey: key,
    ...PAGED,
    staleTime: Number.POSITIVE_INFINITY,
    refetchOnWindowFocus: false,
    placeholderData: keepsRows ? keepPreviousData : undefined,
    queryFn: async ({ pageParam, signal }): Promise<PageOf<Row>> => {
      const found = await page(pageParam ?? undefined, signal);
      if (pageParam === null) {
        // Known anew, too: what was asked for before is older.
        await queries.cancelQueries({ queryKey: newestKey });
        queries.setQueryData(newestKey, found);
      }
      return found;
    },
  });
  const isThere = list.isSuccess && !list.isPlaceholderData;
  const newest = useQuery({
    queryKey: newestKey,
    queryFn: ({ signal }) => page(undefined, signal),
    enabled: isThere && !isEnded,
  });
  const loaded = useMemo(() => list.data?.pages.flatMap(({ items }) => items) ?? [], [list.data]);
  const { shown, all, freshCount, hasGap } = useMemo(
    () => compared(loaded, isThere ? newest.data : undefined),
    [loaded, isThere, newest.data],
  );
  const take = () => {
    if (loaded.length === 0) return void list.refetch();
    if (hasGap) return void queries.resetQueries({ queryKey: key });
    queries.setQueryData<typeof list.data>(key, (known) => {
      const [first, ...rest] = known?.pages ?? [];
      if (!known || !first) return known;
      const emptied = rest.map((page) => ({ ...page, items: [] }));
      return { ...known, pages: [{ ...first, items: [...all] }, ...emptied] };
    });
  };
  const isFirst = isThere && loaded.length === 0 && freshCount > 0;
  useEffect(() => {
    // Nobody reads an empty list.
    if (isFirst) take();
    // eslint-disable-next-line react-hooks/exhaustive-deps -- once, when there is something
  }, [isFirst]);
  return {
    rows: shown,
    fresh: { count: freshCount, hasGap, take },
    pages: list.data?.pages.length ?? 0,
    isPending: list.isPending,
    error: list.error,
    refetch: list.refetch,
    hasNextPage: list.hasNextPage,
    isFetchingNextPage: list.isFetchingNextPage,
    fetchNextPage: list.fetchNextPage,
  };
}

type AnyList = ReturnType<typeof useLiveList>;
export type LiveList<Row> = Omit<AnyList, "rows"> & { rows: readonly Row[] };
export type Fresh = AnyList["fresh"];
