/** Events on their way to hooks. */
import { Button, Group, Select, Skeleton, Stack, TextInput } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { IconSearch, IconSend } from "@tabler/icons-react";
import { useMemo, useState } from "react";
import { Link, useNavigate } from "react-router";
import { api } from "@/api/client";
import { useMay } from "@/api/session";
import { EmptyState } from "@/parts/empty-state";
import { EventNameInput } from "@/parts/event-name-input";
import { useFilters } from "@/parts/filters";
import { HookSelect } from "@/parts/hook-select";
import { type ExecutionStatus, sayStatus, STATUSES } from "@/parts/outcome";
import { Page } from "@/parts/page";
import { ProblemAlert } from "@/parts/problem-alert";
import { PAGED, ShowMore } from "@/parts/show-more";
import { TimeRange } from "@/parts/time-range";
import { VirtualTable } from "@/parts/virtual-table";
import { deliveryColumns } from "./columns";
import { HeldUpHooks } from "./held-up-hooks";
import { DELIVERY_STATES, type DeliveryState, sayDeliveryState, toneOfDelivery } from "./state";

const TYPING_MS = 300;

export function Component() {
  const navigate = useNavigate();
  const mayRetry = useMay("editor");
  const filters = useFilters("state", "hook_id", "event", "status", "since", "until", "contains");
  const { state, hook_id, event, status, since, until, contains } = filters.values;
  const list = api.useInfiniteQuery(
    "get",
    "/api/v1/deliveries",
    {
      params: {
        query: {
          state: state as DeliveryState | undefined,
          hook_id: hook_id ? Number(hook_id) : undefined,
          event,
          status: status as ExecutionStatus | undefined,
          since,
          until,
          contains,
          limit: 100,
        },
      },
    },
    PAGED,
  );
  const deliveries = useMemo(
    () => list.data?.pages.flatMap(({ items }) => items) ?? [],
    [list.data],
  );
  const columns = useMemo(() => deliveryColumns(mayRetry), [mayRetry]);
  return (
    <Page
      title="Deliveries"
      subtitle="One for each event and each hook that answers it, attempted until it succeeds or is given up."
      actions={
        mayRetry && (
          <Button component={Link} to="/events?replay=true" variant="default">
            Replay events
          </Button>
        )
      }
    >
      <HeldUpHooks />
      <DeliveryFilters filters={filters} />
      <ProblemAlert error={list.error} onRetry={() => void list.refetch()} />
      {list.isPending ? (
        <Stack gap={4} aria-busy>
          {Array.from({ length: 8 }, (_, index) => (
            <Skeleton key={index} h={48} />
          ))}
        </Stack>
      ) : deliveries.length > 0 ? (
        <>
          <VirtualTable
            label="Deliveries"
            columns={columns}
            rows={deliveries}
            rowKey={({ id }) => id}
            toneOf={toneOfDelivery}
            onOpen={({ id }) => void navigate(`/deliveries/${id}`)}
            onEnd={() => list.hasNextPage && void list.fetchNextPage()}
          />
          <ShowMore list={list} />
        </>
      ) : (
        !list.error && <NothingHere isFiltered={filters.isAny} onClear={filters.clear} />
      )}
    </Page>
  );
}

function NothingHere({ isFiltered, onClear }: { isFiltered: boolean; onClear: () => void }) {
  if (isFiltered) {
    return (
      <EmptyState
        title="No delivery fits"
        icon={IconSend}
        action={
          <Button variant="default" onClick={onClear}>
            Clear the filters
          </Button>
        }
      >
        The filters leave nothing over.
      </EmptyState>
    );
  }
  return (
    <EmptyState
      title="Nothing was delivered yet"
      icon={IconSend}
      action={
        <Group justify="center">
          <Button component={Link} to="/hooks/new?event=job_failed">
            Make an event hook
          </Button>
          <Button variant="default" component={Link} to="/events">
            Look at events
          </Button>
        </Group>
      }
    >
      A hook whose trigger is an event, such as <span className="mono">job_failed</span>, gets each
      such event as a delivery.
    </EmptyState>
  );
}

type Filters = ReturnType<
  typeof useFilters<"state" | "hook_id" | "event" | "status" | "since" | "until" | "contains">
>;

function DeliveryFilters({ filters }: { filters: Filters }) {
  const { values, set, setAll } = filters;
  const [text, setText] = useState(values.contains ?? "");
  const search = useDebouncedCallback((text: string) => set("contains", text), TYPING_MS);
  const [name, setName] = useState(values.event ?? "");
  const filterName = useDebouncedCallback((name: string) => set("event", name), TYPING_MS);
  return (
    <Group gap="xs" role="search" aria-label="Filters">
      <TextInput
        data-search
        aria-label="Text in the event's data"
        placeholder="Text in the data"
        leftSection={<IconSearch size={16} aria-hidden />}
        value={text}
        onChange={(event) => {
          setText(event.currentTarget.value);
          search(event.currentTarget.value);
        }}
        w={190}
      />
      <Select
        aria-label="State"
        placeholder="Any state"
        clearable
        w={150}
        data={DELIVERY_STATES.map((state) => ({ value: state, label: sayDeliveryState(state) }))}
        value={values.state ?? null}
        onChange={(state) => set("state", state)}
      />
      <HookSelect
        hideLabel
        w={190}
        value={values.hook_id ? Number(values.hook_id) : undefined}
        onChange={(id) => set("hook_id", id === undefined ? null : String(id))}
      />
      <EventNameInput
        aria-label="Event"
        placeholder="Any event"
        kind="business"
        w={190}
        value={name}
        onChange={(name) => {
          setName(name);
          filterName(name);
        }}
      />
      <Select
        aria-label="Outcome of the last attempt"
        placeholder="Any outcome"
        clearable
        w={160}
        data={STATUSES.map((status) => ({ value: status, label: sayStatus(status) }))}
        value={values.status ?? null}
        onChange={(status) => set("status", status)}
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
            setText("");
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
