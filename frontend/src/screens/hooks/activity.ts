/** How the last runs of the hooks on the screen went; they are asked for together. */
import { skipToken, useQuery } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { client, type Schemas } from "@/api/client";
import { useConnection } from "@/api/connection";
import { useGather } from "@/api/gather";
import { useHeard } from "@/api/live";
import { queries } from "@/api/queries";

export type Activity = Schemas["HookActivity"];
type Known = ReadonlyMap<number, { activity: Activity; believedUntil: number }>;

/** One entry for all: a query for each row would cost more than the row. */
const KEY = ["hook activity"];
/** As long as rows go by, nothing is asked; but not for ever. */
const GATHER_MS = 100;
const LONGEST_MS = 1_000;
const MOST_IDS = 200;
const REFRESH_MS = 2_000;
const BELIEVED_MS = 60_000;

const asked = new Set<number>();

async function ask(ids: number[]) {
  for (const id of ids) asked.add(id);
  try {
    const { data } = await client.GET("/api/v1/hook-activity", {
      params: { query: { hook_ids: ids.join(",") } },
    });
    if (!data) return;
    const found = new Map(data.items.map((activity) => [activity.hook_id, activity]));
    const believedUntil = Date.now() + BELIEVED_MS;
    change((known) => {
      for (const id of ids) known.set(id, { activity: found.get(id) ?? never(id), believedUntil });
    });
  } catch {
    // The server is gone; they are asked for when it is back.
  } finally {
    for (const id of ids) asked.delete(id);
  }
}

function change(by: (known: Map<number, { activity: Activity; believedUntil: number }>) => void) {
  queries.setQueryData<Known>(KEY, (before) => {
    const known = new Map(before);
    by(known);
    return known;
  });
}

const never = (hook_id: number): Activity => ({
  hook_id,
  runs: [],
  p50_ms: null,
  p95_ms: null,
  failed_of_last: 0,
  of_last: 0,
});

/** What is known of these hooks' runs, kept as it is while they are shown. */
export function useActivities(ids: readonly number[]): (id: number) => Activity | undefined {
  const known = useQuery<Known>({
    queryKey: KEY,
    queryFn: skipToken,
    staleTime: Number.POSITIVE_INFINITY,
  }).data;
  const isUp = useConnection() === "up";
  const waitsSince = useRef<number>(undefined);
  const now = Date.now();
  const missing = ids
    .filter((id) => !asked.has(id) && (known?.get(id)?.believedUntil ?? 0) < now)
    .slice(0, MOST_IDS)
    .join(",");
  useEffect(() => {
    if (missing === "" || !isUp) {
      waitsSince.current = undefined;
      return;
    }
    waitsSince.current ??= Date.now();
    const left = waitsSince.current + LONGEST_MS - Date.now();
    const timer = window.setTimeout(
      () => {
        waitsSince.current = undefined;
        void ask(missing.split(",").map(Number));
      },
      Math.max(0, Math.min(GATHER_MS, left)),
    );
    return () => window.clearTimeout(timer);
  }, [missing, isUp]);

  const refresh = useGather<unknown>(
    (ran) =>
      change((known) => {
        for (const [id, { activity }] of known) {
          if (ran.has(id)) known.set(id, { activity, believedUntil: 0 });
        }
      }),
    REFRESH_MS,
  );
  useHeard(({ event_name, data }) => {
    if (event_name === "hook_executed") refresh(data.hook_id);
  });
  return (id) => known?.get(id)?.activity;
}
