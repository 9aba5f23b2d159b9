/**
 * All hooks of the studio, held here as a whole: what runs in which order, and what a
 * change of the order has to name, is only known from all of them. They are asked for
 * once; afterwards each that was changed is asked for by itself.
 */
import { useQuery } from "@tanstack/react-query";
import { client } from "@/api/client";
import { everyPage } from "@/api/every-page";
import { useGather } from "@/api/gather";
import { useHeard } from "@/api/live";
import { queries } from "@/api/queries";
import type { Hook } from "@/parts/hook-words";

/** Not below `/api/v1/hooks`: a change of one hook does not make the others outdated. */
const KEY = ["hooks", "all"];
const PAGE = 1_000;
const MOST_PAGES = 100;
/** When more than these changed at once, all are asked for again. */
const ONE_BY_ONE = 25;
const GATHER_MS = 400;
const BELIEVED_MS = 10 * 60_000;

const load = async (signal: AbortSignal): Promise<Hook[]> =>
  (
    await everyPage(MOST_PAGES, (cursor) =>
      client.GET("/api/v1/hooks", { signal, params: { query: { limit: PAGE, cursor } } }),
    )
  ).items as Hook[];

export function useAllHooks() {
  const known = useQuery({
    queryKey: KEY,
    queryFn: ({ signal }) => load(signal),
    staleTime: BELIEVED_MS,
    refetchOnWindowFocus: false,
  });
  useFollowChanges();
  return known;
}

function useFollowChanges() {
  const changed = useGather<number>((ids) => void refresh([...ids]), GATHER_MS);
  useHeard(({ event_name, data }) => {
    if (event_name === "lagged") void queries.invalidateQueries({ queryKey: KEY });
    if (event_name !== "hook_changed" && event_name !== "hook_disabled") return;
    if (typeof data.hook_id !== "number") return;
    const known = queries.getQueryData<Hook[]>(KEY)?.find(({ id }) => id === data.hook_id);
    // What this page did itself it knows already.
    const isKnown = typeof data.version === "number" && (known?.version ?? 0) >= data.version;
    if (isKnown && data.change !== "deleted" && event_name === "hook_changed") return;
    changed(data.hook_id);
  });
}

async function refresh(ids: number[]) {
  if (ids.length > ONE_BY_ONE) {
    await queries.invalidateQueries({ queryKey: KEY });
    return;
  }
  await Promise.all(
    ids.map(async (id) => {
      const { data, response } = await client.GET("/api/v1/hooks/{id}", {
        params: { path: { id } },
      });
      if (data) remember([data as Hook]);
      else if (response.status === 404) forget(id);
    }),
  );
}

/** Puts what is known of these hooks now into what is on the screen. */
export function remember(hooks: readonly Hook[]) {
  const byId = new Map(hooks.map((hook) => [hook.id, hook]));
  queries.setQueryData<Hook[]>(KEY, (all) => {
    if (!all) return all;
    const next = all.map((hook) => {
      const now = byId.get(hook.id);
      byId.delete(hook.id);
      return now ?? hook;
    });
    return byId.size > 0 ? [...next, ...byId.values()] : next;
  });
  for (const hook of hooks) {
    queries.setQueryData(
      ["get", "/api/v1/hooks/{id}", { params: { path: { id: hook.id } } }],
      hook,
    );
  }
}

export function forget(id: number) {
  queries.setQueryData<Hook[]>(KEY, (all) => all?.filter((hook) => hook.id !== id));
}
