/** What needs a person now, and how things went. */
import { Alert, SegmentedControl, Skeleton, Stack } from "@mantine/core";
import { useState } from "react";
import { api } from "@/api/client";
import { Page } from "@/parts/page";
import { ProblemAlert } from "@/parts/problem-alert";
import { Attention } from "./overview/attention";
import { FirstRun, useFirstRun } from "./overview/first-run";
import { SlowestHooks } from "./overview/slowest-hooks";
import { Throughput } from "./overview/throughput";
import { Totals } from "./overview/totals";
import { USUAL_HOURS, useWindow, WINDOWS } from "./overview/window";

export function Component() {
  const window = useWindow();
  const overview = api.useQuery(
    "get",
    "/api/v1/overview",
    // As the navigation asks for it: one answer serves both.
    window.hours === USUAL_HOURS ? undefined : { params: { query: { hours: window.hours } } },
    { placeholderData: (before) => before },
  );
  const firstRun = useFirstRun(overview.data?.totals.executions === 0);
  const isEmpty = overview.data?.totals.executions === 0;
  // Once begun, it stays until it is closed: what the first hook answered is to be seen.
  const [isFirst, setFirst] = useState(false);
  if (firstRun.isNeeded && !isFirst) setFirst(true);
  return (
    <Page
      title="Overview"
      actions={
        <SegmentedControl
          aria-label="Time"
          value={String(window.hours)}
          onChange={(hours) => window.choose(Number(hours))}
          data={WINDOWS.map(({ hours, label }) => ({ value: String(hours), label }))}
        />
      }
    >
      <ProblemAlert error={overview.error} onRetry={() => void overview.refetch()} />
      {!overview.data || (isEmpty && firstRun.isPending) ? (
        overview.error ? null : (
          <OverviewSkeleton />
        )
      ) : firstRun.isNeeded || isFirst ? (
        <FirstRun steps={firstRun} onDone={() => setFirst(false)} />
      ) : (
        <Stack gap="xl" aria-busy={overview.isPlaceholderData}>
          <Attention attention={overview.data.attention} window={window} />
          <Stack gap="md">
            {overview.data.is_approximate && (
              <Alert color="gray">
                There was too much in this time to count it all; the numbers are about right.
              </Alert>
            )}
            <Totals totals={overview.data.totals} since={overview.data.since} window={window} />
            <Throughput parts={overview.data.throughput} window={window} />
          </Stack>
          <SlowestHooks
            hooks={overview.data.slowest_hooks}
            since={overview.data.since}
            window={window}
          />
        </Stack>
      )}
    </Page>
  );
}

function OverviewSkeleton() {
  return (
    <Stack gap="xl" aria-busy>
      <Skeleton height={120} />
      <Skeleton height={74} />
      <Skeleton height={300} />
      <Skeleton height={240} />
    </Stack>
  );
}
