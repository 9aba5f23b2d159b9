/** A page whose thing is not there: not yet, or not at all. */
import { Skeleton, Stack } from "@mantine/core";
import type { ReactNode } from "react";
import { problemOf } from "@/api/problem";
import { EmptyState } from "./empty-state";
import { Page } from "./page";
import { ProblemAlert } from "./problem-alert";

/** What the server says of what it does not have, or could not have. */
const GONE = [400, 404, 422];

export const isGone = (error: unknown): boolean =>
  error !== null && error !== undefined && GONE.includes(problemOf(error).status);

export function AwaitedPage({
  what,
  query,
  isNone = isGone(query.error),
  before,
  gone,
  action,
  children,
}: {
  /** Such as "Event". */
  what: string;
  query: { error: unknown; refetch: () => Promise<unknown> };
  /** Whether it is known that there is none; the server says so, as a rule. */
  isNone?: boolean;
  before?: ReactNode;
  /** Why it may not be there. */
  gone: ReactNode;
  /** What can be done where there is none. */
  action?: ReactNode;
  /** What there is all the same. */
  children?: ReactNode;
}) {
  if (isNone) {
    return (
      <Page title={`${what} not found`} before={before}>
        <EmptyState title={`There is no such ${what.toLowerCase()}`} action={action}>
          {gone}
        </EmptyState>
        {children}
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
