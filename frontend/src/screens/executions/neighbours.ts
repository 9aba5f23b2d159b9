/** The executions of the same hook just before and just after one. */
import { useQuery } from "@tanstack/react-query";
import { client } from "@/api/client";
import { problemOf } from "@/api/problem";
import type { LogItem } from "./words";

const FEW = 10;
/** The listing begins with the newest: what comes next is sought in windows that grow. */
const WINDOWS_MS = [20_000, 200_000, 3_600_000, 36_000_000, 864_000_000, 31_557_600_000];

export function useNeighbours(log: LogItem | undefined) {
  return useQuery({
    queryKey: ["neighbours", log?.id],
    enabled: log !== undefined,
    staleTime: 10_000,
    queryFn: async ({ signal }) => {
      const [before, after] = await Promise.all([previousOf(log!, signal), nextOf(log!, signal)]);
      return { before, after };
    },
  });
}

type Page = { items: LogItem[]; next_cursor?: string | null };

async function page(
  log: LogItem,
  query: { since?: string; until?: string; limit: number },
  signal: AbortSignal,
): Promise<Page> {
  const { data, error } = await client.GET("/api/v1/hook-logs", {
    signal,
    params: { query: { hook_id: log.hook.id, ...query } },
  });
  if (!data) throw problemOf(error);
  return data;
}

async function previousOf(log: LogItem, signal: AbortSignal): Promise<number | undefined> {
  const { items } = await page(log, { until: log.executed_at, limit: 2 }, signal);
  return items.find(({ id }) => id !== log.id)?.id;
}

async function nextOf(log: LogItem, signal: AbortSignal): Promise<number | undefined> {
  const from = new Date(log.executed_at).getTime();
  let nearest: number | undefined;
  for (let widest = WINDOWS_MS.length - 1, at = 0; at <= widest; at++) {
    const to = from + WINDOWS_MS[at]!;
    const until = new Date(to).toISOString();
    const { items, next_cursor } = await page(
      log,
      { since: log.executed_at, until, limit: FEW },
      signal,
    );
    const others = items.filter(({ id }) => id !== log.id);
    const oldest = others[others.length - 1];
    if (oldest) {
      nearest = oldest.id;
      // More than fit: the nearest of these is not the next, but on the way to it.
      if (items.length < FEW || !next_cursor) return nearest;
      return narrowed(log, from, to, nearest, signal);
    }
    if (to > Date.now()) return undefined;
  }
  return nearest;
}

const MOST_HALVINGS = 12;

/** The window is halved until what is in it fits a page. */
async function narrowed(
  log: LogItem,
  from: number,
  to: number,
  known: number,
  signal: AbortSignal,
): Promise<number> {
  let nearest = known;
  let low = from;
  let high = to;
  for (let times = 0; times < MOST_HALVINGS; times++) {
    const middle = (low + high) / 2;
    const until = new Date(middle).toISOString();
    const { items, next_cursor } = await page(
      log,
      { since: log.executed_at, until, limit: FEW },
      signal,
    );
    const others = items.filter(({ id }) => id !== log.id);
    const oldest = others[others.length - 1];
    if (!oldest) low = middle;
    else {
      nearest = oldest.id;
      if (items.length < FEW || !next_cursor) return nearest;
      high = middle;
    }
  }
  return nearest;
}
