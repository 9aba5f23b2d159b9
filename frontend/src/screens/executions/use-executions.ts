/**
 * The executions that fit, newest first, which stay where they are while one reads:
 * what happens meanwhile is counted, and comes in when it is asked for.
 */
import { type InfiniteData, useInfiniteQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { api, client } from "@/api/client";
import { problemOf } from "@/api/problem";
import { queries } from "@/api/queries";
import type { paths } from "@/api/schema";
import { PAGED } from "@/parts/show-more";
import type { LogItem } from "./words";

export type LogQuery = Omit<
  NonNullable<paths["/api/v1/hook-logs"]["get"]["parameters"]["query"]>,
  "cursor" | "limit"
>;

type LogPage = { items: LogItem[]; next_cursor?: string | null };

const PAGE = 50;
/** So many are looked at for what is new. */
const HEAD = 20;

/** Why not a key of the API's: live events would have all pages asked for again. */
const keyOf = (query: LogQuery) => ["executions", query] as const;

export function useExecutions(query: LogQuery) {
  const key = keyOf(query);
  const headInit = { params: { query: { ...query, limit: HEAD } } };
  const list = useInfiniteQuery({
    queryKey: key,
    ...PAGED,
    // Records never change.
    staleTime: Number.POSITIVE_INFINITY,
    refetchOnWindowFocus: false,
    queryFn: async ({ pageParam, signal }): Promise<LogPage> => {
      const { data, error } = await client.GET("/api/v1/hook-logs", {
        signal,
        params: { query: { ...query, limit: PAGE, cursor: pageParam ?? undefined } },
      });
      if (!data) throw problemOf(error);
      if (pageParam === null) {
        // Known anew, too: it need not be asked for.
        const head = api.queryOptions("get", "/api/v1/hook-logs", headInit);
        queries.setQueryData(head.queryKey, { ...data, items: data.items.slice(0, HEAD) });
      }
      return data;
    },
  });
  const rows = useMemo(() => list.data?.pages.flatMap(({ items }) => items) ?? [], [list.data]);
  // Live events have this one asked for again.
  const head = api.useQuery("get", "/api/v1/hook-logs", headInit, {
    enabled: list.isSuccess && query.until === undefined,
  });
  const fresh = useMemo(() => {
    const known = new Set(rows.map(({ id }) => id));
    return (head.data?.items ?? []).filter(({ id }) => !known.has(id));
  }, [rows, head.data]);
  /** There may be more between these and the first row. */
  const hasGap = fresh.length > 0 && fresh.length === head.data?.items.length && rows.length > 0;
  return {
    rows,
    isPending: list.isPending,
    error: list.error,
    refetch: () => void list.refetch(),
    hasNextPage: list.hasNextPage,
    isFetchingNextPage: list.isFetchingNextPage,
    fetchNextPage: () => {
      if (list.hasNextPage && !list.isFetchingNextPage) void list.fetchNextPage();
    },
    pages: list.data?.pages.length ?? 0,
    freshCount: fresh.length,
    hasGap,
    /** Lets what is new in. */
    takeFresh: () => {
      if (hasGap) return void queries.resetQueries({ queryKey: key });
      queries.setQueryData<InfiniteData<LogPage, string | null>>(key, (known) => {
        const first = known?.pages[0];
        if (!known || !first) return known;
        const page = { ...first, items: [...fresh, ...first.items] };
        return { ...known, pages: [page, ...known.pages.slice(1)] };
      });
    },
  };
}
