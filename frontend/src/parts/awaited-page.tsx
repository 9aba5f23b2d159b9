/** A page whose thing is not there: not yet, or not at all. */
import { Skeleton, Stack } from "@mantine/core";
import type { ReactNode } from "react";
import { problemOf } from "@/api/problem";
import { EmptyState } from "./empty-state";
import { Page } from "./page";
import { ProblemAlert } from "./problem-alert";

/** What the server says of what it does not have, or could not have. */
const GONE = [400, 404, 422];

export function AwaitedPage({
  what,
  query,
  before,
  gone,
}: {
  /** Such as "Event". */
  what: string;
  query: { error: unknown; refetch: () => Promise<unknown> };
  before?: ReactNode;
  /** Why it may not be there. */
  gone: ReactNode;
}) {
  if (query.error && GONE.includes(problemOf(query.error).status)) {
    return (
      <Page title={`${what} not found`} before={before}>
        <EmptyState title={`There is no such ${what.toLowerCase()}`}>{gone}</EmptyState>
      </Page>
    );
  }
  return (
    <Page title={what} before={before}>
      {query.error ? (
        <ProblemAlert error={query.error} onRetry={() => void query.refetch()} />
      ) : (
        <Stack>
          <Skeleton h={60} />
          <Skeleton h={360} />
        </Stack>
      )}
    </Page>
  );
}
