/** Events on their way to hooks. */
import { Button, Group } from "@mantine/core";
import { IconSend } from "@tabler/icons-react";
import { useMemo } from "react";
import { Link, useNavigate } from "react-router";
import { client } from "@/api/client";
import { useMay } from "@/api/session";
import { EmptyState } from "@/parts/empty-state";
import { FilterEvent, FilterRow, FilterSelect, FilterTime } from "@/parts/filter-row";
import { type Filters, useFilters } from "@/parts/filters";
import { HookSelect } from "@/parts/hook-select";
import { useLiveList } from "@/parts/live-list";
import { type ExecutionStatus, sayStatus, STATUSES } from "@/parts/outcome";
import { Page } from "@/parts/page";
import { PagedTable } from "@/parts/paged-table";
import { SearchField } from "@/parts/search-field";
import { deliveryColumns } from "./columns";
import { HeldUpHooks } from "./held-up-hooks";
import { DELIVERY_STATES, type DeliveryState, sayDeliveryState, toneOfDelivery } from "./state";

const KEYS = ["state", "hook_id", "event", "status", "since", "until", "contains"] as const;

export function Component() {
  const navigate = useNavigate();
  const mayRetry = useMay("editor");
  const filters = useFilters(...KEYS);
  const { state, hook_id, event, status, since, until, contains } = filters.values;
  const list = useLiveList(
    "/api/v1/deliveries",
    {
      state: state as DeliveryState | undefined,
      hook_id: hook_id ? Number(hook_id) : undefined,
      event,
      status: status as ExecutionStatus | undefined,
      since,
      until,
      contains,
    },
    (query, signal) => client.GET("/api/v1/deliveries", { signal, params: { query } }),
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
      <PagedTable
        list={list}
        label="Deliveries"
        columns={columns}
        rowKey={({ id }) => id}
        toneOf={toneOfDelivery}
        onOpen={({ id }) => void navigate(`/deliveries/${id}`)}
        empty={<NothingHere isFiltered={filters.isAny} onClear={filters.clear} />}
      />
    </Page>
  );
}

function NothingHere({ isFiltered, onClear }: { isFiltered: boolean; onClear: () => void }) {
  const mayEdit = useMay("editor");
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
          {mayEdit && (
            <Button component={Link} to="/hooks/new?event=job_failed">
              Make an event hook
            </Button>
          )}
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

function DeliveryFilters({ filters }: { filters: Filters<(typeof KEYS)[number]> }) {
  const { values, set } = filters;
  return (
    <FilterRow label="Filters" filters={filters}>
      <SearchField
        aria-label="Text in the event's data"
        placeholder="Text in the data"
        value={values.contains}
        onChange={(text) => set("contains", text)}
        w={190}
      />
      <FilterSelect
        filters={filters}
        name="state"
        label="State"
        placeholder="Any state"
        w={150}
        data={DELIVERY_STATES.map((state) => ({ value: state, label: sayDeliveryState(state) }))}
      />
      <HookSelect
        hideLabel
        w={190}
        value={Number(values.hook_id) || undefined}
        onChange={(id) => set("hook_id", id === undefined ? null : String(id))}
      />
      <FilterEvent filters={filters} w={190} />
      <FilterSelect
        filters={filters}
        name="status"
        label="Outcome of the last attempt"
        placeholder="Any outcome"
        w={160}
        data={STATUSES.map((status) => ({ value: status, label: sayStatus(status) }))}
      />
      <FilterTime filters={filters} />
    </FilterRow>
  );
}
