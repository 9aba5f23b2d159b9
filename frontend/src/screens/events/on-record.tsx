/** Events that are kept, newest first. */
import { Button, Text } from "@mantine/core";
import { IconBolt } from "@tabler/icons-react";
import { Link, useNavigate } from "react-router";
import { client } from "@/api/client";
import { useMay } from "@/api/session";
import { EmptyState } from "@/parts/empty-state";
import { FilterEvent, FilterNumber, FilterRow, FilterTime } from "@/parts/filter-row";
import { useFilters } from "@/parts/filters";
import { isKnown } from "@/parts/known";
import { useLiveList } from "@/parts/live-list";
import { PagedTable } from "@/parts/paged-table";
import { ScopeBadge } from "@/parts/scope-badge";
import { Ago } from "@/parts/time";
import type { Column } from "@/parts/virtual-table";
import { type EventShown, isAboutScope, sayEvent } from "./words";

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
  const list = useLiveList(
    "/api/v1/events",
    { event, job_id: job_id ? Number(job_id) : undefined, since, until },
    (query, signal) => client.GET("/api/v1/events", { signal, params: { query } }),
  );
  return (
    <>
      <FilterRow label="Filters" filters={filters}>
        <FilterEvent filters={filters} isSearch w={240} />
        <FilterNumber filters={filters} name="job_id" label="Job" placeholder="Any job" />
        <FilterTime filters={filters} />
      </FilterRow>
      <PagedTable
        list={list}
        label="Events"
        columns={COLUMNS}
        rowHeight={44}
        rowKey={({ id }) => id}
        onOpen={({ id }) => void navigate(`/events/${id}`)}
        empty={<NoEvents isFiltered={filters.isAny} onClear={filters.clear} />}
      />
    </>
  );
}

function NoEvents({ isFiltered, onClear }: { isFiltered: boolean; onClear: () => void }) {
  const mayPublish = useMay("pipeline");
  return isFiltered ? (
    <EmptyState
      title="No event fits"
      icon={IconBolt}
      action={
        <Button variant="default" onClick={onClear}>
          Clear the filters
        </Button>
      }
    >
      The filters leave nothing over.
    </EmptyState>
  ) : (
    <EmptyState
      title="Nothing happened yet"
      icon={IconBolt}
      action={
        mayPublish && (
          <Button component={Link} to="/events?publish=segment_completed">
            Publish the first one
          </Button>
        )
      }
    >
      Pipelines publish events over HTTP; Stagehook adds its own as jobs and hooks go on.
    </EmptyState>
  );
}
