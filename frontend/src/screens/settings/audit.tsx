/** Who changed what, newest first, with how it was before and after. */
import { Button, Drawer, Select, Stack, Text } from "@mantine/core";
import { IconHistory } from "@tabler/icons-react";
import { useState } from "react";
import { Link } from "react-router";
import { client, type Schemas } from "@/api/client";
import { useMay } from "@/api/session";
import { ChangesView } from "@/parts/changes-view";
import { EmptyState } from "@/parts/empty-state";
import { Facts } from "@/parts/facts";
import { FilterRow } from "@/parts/filter-row";
import { type Filters, useFilters } from "@/parts/filters";
import { useLiveList } from "@/parts/live-list";
import type { Json } from "@/parts/merge-patch";
import { PagedTable } from "@/parts/paged-table";
import { SearchField } from "@/parts/search-field";
import { Section } from "@/parts/section";
import { Ago, sayMoment } from "@/parts/time";
import type { Column } from "@/parts/virtual-table";
import { nameOf, sayChange, SUBJECTS, subjectLink } from "./audit-words";
import { NotForRole } from "@/parts/not-for-role";

type Entry = Schemas["AuditEntry"];

const KEYS = ["actor", "subject_type", "subject_id"] as const;

const COLUMNS: Column<Entry>[] = [
  {
    name: "When",
    width: "120px",
    cell: ({ created_at }) => (
      <Text fz="sm" c="dimmed">
        <Ago at={created_at} />
      </Text>
    ),
  },
  {
    name: "Who",
    width: "170px",
    cell: ({ actor }) => (
      <Text fz="sm" truncate>
        {actor}
      </Text>
    ),
  },
  {
    name: "What",
    cell: (entry) => (
      <Text fz="sm" truncate>
        {sayChange(entry)}
      </Text>
    ),
  },
  {
    name: "Action",
    width: "170px",
    from: "md",
    cell: ({ action }) => (
      <Text fz="xs" c="dimmed" className="mono" truncate>
        {action}
      </Text>
    ),
  },
];

export function AuditTrail() {
  return useMay("admin") ? <Trail /> : <NotForRole what="Audit trails" needs="admin" />;
}

function Trail() {
  const filters = useFilters(...KEYS);
  const { actor, subject_type, subject_id } = filters.values;
  const [open, setOpen] = useState<Entry>();
  const list = useLiveList(
    "/api/v1/audit",
    { actor, subject_type, subject_id: subject_type ? subject_id : undefined },
    (query, signal) => client.GET("/api/v1/audit", { signal, params: { query } }),
  );
  return (
    <Section
      title="Audit trail"
      says="Every change, by whom, and how it was before. It is never changed."
    >
      <AuditFilters filters={filters} />
      <PagedTable
        list={list}
        label="Changes"
        columns={COLUMNS}
        rowHeight={42}
        rowKey={({ id }) => id}
        onOpen={setOpen}
        empty={
          <EmptyState
            title="No change fits"
            icon={IconHistory}
            action={
              filters.isAny && (
                <Button variant="default" onClick={filters.clear}>
                  Clear the filters
                </Button>
              )
            }
          >
            Nothing was changed by this person, or to this thing.
          </EmptyState>
        }
      />
      <Drawer
        opened={open !== undefined}
        onClose={() => setOpen(undefined)}
        title={open ? sayChange(open) : ""}
        size="xl"
      >
        {open && <Change entry={open} />}
      </Drawer>
    </Section>
  );
}

function Change({ entry }: { entry: Entry }) {
  const link = subjectLink(entry);
  const name = nameOf(entry) ?? `${entry.subject_type} ${entry.subject_id}`;
  return (
    <Stack gap="lg">
      <Facts
        facts={[
          ["When", sayMoment(entry.created_at)],
          ["Who", entry.actor],
          [
            "Action",
            <span key="action" className="mono">
              {entry.action}
            </span>,
          ],
          ["What", link ? <Link to={link}>{name}</Link> : name],
        ]}
      />
      <ChangesView
        label="What changed"
        before={(entry.before ?? undefined) as Json | undefined}
        after={(entry.after ?? undefined) as Json | undefined}
        empty="Nothing is different between before and after."
      />
    </Stack>
  );
}

function AuditFilters({ filters }: { filters: Filters<(typeof KEYS)[number]> }) {
  const { values, set, setAll } = filters;
  return (
    <FilterRow label="Filters" filters={filters}>
      <SearchField
        aria-label="Who"
        placeholder="Anybody"
        value={values.actor}
        onChange={(actor) => set("actor", actor)}
        w={180}
      />
      <Select
        aria-label="What kind of thing"
        placeholder="Anything"
        clearable
        data={SUBJECTS}
        value={values.subject_type ?? null}
        onChange={(subject_type) => setAll({ subject_type, subject_id: null })}
        w={180}
      />
      {values.subject_type && (
        <SearchField
          aria-label="Its id"
          placeholder="Its id"
          data-search={undefined}
          leftSection={undefined}
          value={values.subject_id}
          onChange={(id) => set("subject_id", id)}
          w={160}
        />
      )}
    </FilterRow>
  );
}
