/** How the last runs of a hook went; the rows on the screen are asked for together. */
import { useQuery } from "@tanstack/react-query";
import { client, type Schemas } from "@/api/client";
import { useGather } from "@/api/gather";
import { useHeard } from "@/api/live";
import { problemOf } from "@/api/problem";
import { queries } from "@/api/queries";

type Activity = Schemas["HookActivity"];
type Waiting = { done: (activity: Activity) => void; failed: (error: unknown) => void };

const KEY = "hook activity";
/** As long as rows go by, nothing is asked; but not for ever. */
const GATHER_MS = 100;
const LONGEST_MS = 1_000;
const MOST_IDS = 200;
const REFRESH_MS = 2_000;

const waiting = new Map<number, Waiting[]>();
let timer: number | undefined;
let since = 0;

/** Waits a moment for others who ask, too. Who scrolled past meanwhile asks no more. */
function gather(id: number, signal: AbortSignal): Promise<Activity> {
  return new Promise((done, failed) => {
    const own = { done, failed };
    waiting.set(id, [...(waiting.get(id) ?? []), own]);
    signal.addEventListener("abort", () => {
      const others = (waiting.get(id) ?? []).filter((other) => other !== own);
      if (others.length > 0) waiting.set(id, others);
      else waiting.delete(id);
      failed(signal.reason);
    });
    if (timer === undefined) since = Date.now();
    else window.clearTimeout(timer);
    const left = since + LONGEST_MS - Date.now();
    timer = window.setTimeout(ask, Math.max(0, Math.min(GATHER_MS, left)));
  });
}

async function ask() {
  timer = undefined;
  const batch = [...waiting].slice(0, MOST_IDS);
  for (const [id] of batch) waiting.delete(id);
  if (waiting.size > 0) timer = window.setTimeout(ask, GATHER_MS);
  if (batch.length === 0) return;
  try {
    const { data, error } = await client.GET("/api/v1/hook-activity", {
      params: { query: { hook_ids: batch.map(([id]) => id).join(",") } },
    });
    if (!data) throw problemOf(error);
    const found = new Map(data.items.map((activity) => [activity.hook_id, activity]));
    for (const [id, all] of batch) {
      for (const { done } of all) done(found.get(id) ?? never(id));
    }
  } catch (error) {
    for (const [, all] of batch) for (const { failed } of all) failed(error);
  }
}

const never = (hook_id: number): Activity => ({
  hook_id,
  runs: [],
  p50_ms: null,
  p95_ms: null,
  failed_of_last: 0,
  of_last: 0,
});

export function useActivity(hookId: number): Activity | undefined {
  return useQuery({
    queryKey: [KEY, hookId],
    queryFn: ({ signal }) => gather(hookId, signal),
    staleTime: 60_000,
  }).data;
}

/** Has what is shown of a hook's runs asked for again after it ran. */
export function useActivityRefresh() {
  const refresh = useGather<unknown>(
    (ids) =>
      void queries.invalidateQueries({
        predicate: ({ queryKey }) => queryKey[0] === KEY && ids.has(queryKey[1]),
      }),
    REFRESH_MS,
  );
  useHeard(({ event_name, data }) => {
    if (event_name === "hook_executed") refresh(data.hook_id);
  });
}
