/** Events that are kept, newest first. */
import { Button, Group, NumberInput, Skeleton, Stack, Text } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { IconBolt } from "@tabler/icons-react";
import { useMemo, useState } from "react";
import { Link, useNavigate } from "react-router";
import { api } from "@/api/client";
import { EmptyState } from "@/parts/empty-state";
import { EventNameInput } from "@/parts/event-name-input";
import { useFilters } from "@/parts/filters";
import { isKnown } from "@/parts/known";
import { ProblemAlert } from "@/parts/problem-alert";
import { ScopeBadge } from "@/parts/scope-badge";
import { PAGED, ShowMore } from "@/parts/show-more";
import { Ago } from "@/parts/time";
import { TimeRange } from "@/parts/time-range";
import { type Column, VirtualTable } from "@/parts/virtual-table";
import { type EventShown, isAboutScope, sayEvent } from "./words";

const TYPING_MS = 300;

const COLUMNS: Column<EventShown>[] = [
  {
    name: "Event",
    width: "230px",
    cell: (event) => (
      <Text fz="sm" truncate>
        <Link to={`/events/${event.id}`} className="mono">
          {event.event_name}
        </Link>
      </Text>
    ),
  },
  {
    name: "Says",
    cell: (event) => (
      <Text fz="sm" truncate>
        {sayEvent(event.event_name, event.data)}
      </Text>
    ),
  },
  { name: "About", width: "150px", from: "md", cell: (event) => <About event={event} /> },
  {
    name: "Happened",
    width: "120px",
    cell: ({ created_at }) => (
      <Text fz="sm" c="dimmed">
        <Ago at={created_at} />
      </Text>
    ),
  },
];

export function About({ event }: { event: EventShown }) {
  if (isKnown(event.job_id)) return <Link to={`/jobs/${event.job_id}`}>Job {event.job_id}</Link>;
  if (isAboutScope(event) && event.scope_type) {
    return <ScopeBadge scopeType={event.scope_type} scopeId={event.scope_id} />;
  }
  return (
    <Text fz="sm" c="dimmed" component="span">
      studio
    </Text>
  );
}

export function OnRecord() {
  const navigate = useNavigate();
  const filters = useFilters("event", "job_id", "since", "until");
  const { event, job_id, since, until } = filters.values;
  const list = api.useInfiniteQuery(
    "get",
    "/api/v1/events",
    {
      params: {
        query: { event, job_id: job_id ? Number(job_id) : undefined, since, until, limit: 100 },
      },
    },
    PAGED,
  );
  const events = useMemo(() => list.data?.pages.flatMap(({ items }) => items) ?? [], [list.data]);
  return (
    <>
      <EventFilters filters={filters} />
      <ProblemAlert error={list.error} onRetry={() => void list.refetch()} />
      {list.isPending ? (
        <Stack gap={4} aria-busy>
          {Array.from({ length: 10 }, (_, index) => (
            <Skeleton key={index} h={40} />
          ))}
        </Stack>
      ) : events.length > 0 ? (
        <>
          <VirtualTable
            label="Events"
            columns={COLUMNS}
            rows={events}
            rowHeight={44}
            rowKey={({ id }) => id}
            onOpen={({ id }) => void navigate(`/events/${id}`)}
            onEnd={() => list.hasNextPage && void list.fetchNextPage()}
          />
          <ShowMore list={list} />
        </>
      ) : (
        !list.error && (
          <EmptyState
            title={filters.isAny ? "No event fits" : "Nothing happened yet"}
            icon={IconBolt}
            action={
              filters.isAny ? (
                <Button variant="default" onClick={filters.clear}>
                  Clear the filters
                </Button>
              ) : (
                <Button component={Link} to="/events?publish=segment_completed">
                  Publish the first one
                </Button>
              )
            }
          >
            {filters.isAny
              ? "The filters leave nothing over."
              : "Pipelines publish events over HTTP; Stagehook adds its own as jobs and hooks go on."}
          </EmptyState>
        )
      )}
    </>
  );
}

type Filters = ReturnType<typeof useFilters<"event" | "job_id" | "since" | "until">>;

function EventFilters({ filters }: { filters: Filters }) {
  const { values, set, setAll } = filters;
  const [name, setName] = useState(values.event ?? "");
  const filterName = useDebouncedCallback((name: string) => set("event", name), TYPING_MS);
  const filterJob = useDebouncedCallback(
    (job: string | number) => set("job_id", String(job)),
    TYPING_MS,
  );
  return (
    <Group gap="xs" role="search" aria-label="Filters">
      <EventNameInput
        data-search
        aria-label="Event"
        placeholder="Any event"
        kind="business"
        w={240}
        value={name}
        onChange={(name) => {
          setName(name);
          filterName(name);
        }}
      />
      <NumberInput
        key={values.job_id ?? "none"}
        aria-label="Job"
        placeholder="Any job"
        w={110}
        min={1}
        hideControls
        allowDecimal={false}
        defaultValue={values.job_id}
        onChange={filterJob}
      />
      <TimeRange
        since={values.since}
        until={values.until}
        onChange={({ since, until }) => setAll({ since, until })}
      />
      {filters.isAny && (
        <Button
          variant="subtle"
          color="gray"
          onClick={() => {
            setName("");
            filters.clear();
          }}
        >
          Clear
        </Button>
      )}
    </Group>
  );
}
