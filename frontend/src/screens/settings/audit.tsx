/** Who changed what, newest first, with how it was before and after. */
import { Button, Drawer, Group, Select, Skeleton, Stack, Text, TextInput } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { IconHistory } from "@tabler/icons-react";
import { useMemo, useState } from "react";
import { Link } from "react-router";
import { api, type Schemas } from "@/api/client";
import { useMay } from "@/api/session";
import { ChangesView } from "@/parts/changes-view";
import { EmptyState } from "@/parts/empty-state";
import { Facts } from "@/parts/facts";
import { useFilters } from "@/parts/filters";
import type { Json } from "@/parts/merge-patch";
import { ProblemAlert } from "@/parts/problem-alert";
import { Section } from "@/parts/section";
import { PAGED, ShowMore } from "@/parts/show-more";
import { Ago, sayMoment } from "@/parts/time";
import { type Column, VirtualTable } from "@/parts/virtual-table";
import { nameOf, sayChange, SUBJECTS, subjectLink } from "./audit-words";
import { NotForRole } from "./not-for-role";

type Entry = Schemas["AuditEntry"];

const TYPING_MS = 300;

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
  const filters = useFilters("actor", "subject_type", "subject_id");
  const { actor, subject_type, subject_id } = filters.values;
  const [open, setOpen] = useState<Entry>();
  const list = api.useInfiniteQuery(
    "get",
    "/api/v1/audit",
    {
      params: {
        query: {
          actor,
          subject_type,
          subject_id: subject_type ? subject_id : undefined,
          limit: 100,
        },
      },
    },
    PAGED,
  );
  const entries = useMemo(() => list.data?.pages.flatMap(({ items }) => items) ?? [], [list.data]);
  return (
    <Section
      title="Audit trail"
      says="Every change, by whom, and how it was before. It is never changed."
    >
      <AuditFilters filters={filters} />
      <ProblemAlert error={list.error} onRetry={() => void list.refetch()} />
      {list.isPending ? (
        <Stack gap={4} aria-busy>
          {Array.from({ length: 8 }, (_, index) => (
            <Skeleton key={index} h={40} />
          ))}
        </Stack>
      ) : entries.length > 0 ? (
        <>
          <VirtualTable
            label="Changes"
            columns={COLUMNS}
            rows={entries}
            rowHeight={42}
            rowKey={({ id }) => id}
            onOpen={setOpen}
            onEnd={() => list.hasNextPage && void list.fetchNextPage()}
          />
          <ShowMore list={list} />
        </>
      ) : (
        !list.error && (
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
        )
      )}
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

type Filters = ReturnType<typeof useFilters<"actor" | "subject_type" | "subject_id">>;

function AuditFilters({ filters }: { filters: Filters }) {
  const { values, set, setAll } = filters;
  const [actor, setActor] = useState(values.actor ?? "");
  const filterActor = useDebouncedCallback((actor: string) => set("actor", actor), TYPING_MS);
  const [id, setId] = useState(values.subject_id ?? "");
  const filterId = useDebouncedCallback((id: string) => set("subject_id", id), TYPING_MS);
  return (
    <Group gap="xs" role="search" aria-label="Filters">
      <TextInput
        data-search
        aria-label="Who"
        placeholder="Anybody"
        value={actor}
        onChange={(event) => {
          setActor(event.currentTarget.value);
          filterActor(event.currentTarget.value);
        }}
        w={180}
      />
      <Select
        aria-label="What kind of thing"
        placeholder="Anything"
        clearable
        data={SUBJECTS}
        value={values.subject_type ?? null}
        onChange={(subject_type) => {
          setId("");
          setAll({ subject_type, subject_id: null });
        }}
        w={180}
      />
      {values.subject_type && (
        <TextInput
          aria-label="Its id"
          placeholder="Its id"
          value={id}
          onChange={(event) => {
            setId(event.currentTarget.value);
            filterId(event.currentTarget.value);
          }}
          w={160}
        />
      )}
      {filters.isAny && (
        <Button
          variant="subtle"
          color="gray"
          onClick={() => {
            setActor("");
            setId("");
            filters.clear();
          }}
        >
          Clear
        </Button>
      )}
    </Group>
  );
}
