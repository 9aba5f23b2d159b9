/** The catalogue of event types: Stagehook's own and those of the studio. */
import { Badge, Button, Group, SegmentedControl, Skeleton, Stack, Text } from "@mantine/core";
import { IconLock, IconPlus, IconUpload } from "@tabler/icons-react";
import { useState } from "react";
import { Link } from "react-router";
import { api } from "@/api/client";
import { useMay } from "@/api/session";
import { BackLink } from "@/parts/back-link";
import { EmptyState } from "@/parts/empty-state";
import { SearchField } from "@/parts/search-field";
import { useFilters } from "@/parts/filters";
import { Page } from "@/parts/page";
import { ProblemAlert } from "@/parts/problem-alert";
import { asksNothing, type SettingsSchema } from "@/parts/plugin-settings-form";
import { type Column, VirtualTable } from "@/parts/virtual-table";
import { CreateType } from "./create-type";
import { ImportTypes } from "./import-types";
import { TypeDrawer } from "./type-drawer";
import type { EventType } from "./words";

const COLUMNS: Column<EventType>[] = [
  {
    name: "Name",
    width: "260px",
    cell: ({ name }) => (
      <Text fz="sm" truncate>
        <Link to={`/event-types?type=${encodeURIComponent(name)}`} className="mono">
          {name}
        </Link>
      </Text>
    ),
  },
  {
    name: "Kind",
    width: "110px",
    cell: ({ kind }) => <Badge color={kind === "business" ? "indigo" : "gray"}>{kind}</Badge>,
  },
  {
    name: "Description",
    cell: ({ description }) => (
      <Text fz="sm" truncate>
        {description}
      </Text>
    ),
  },
  {
    name: "Schema",
    width: "130px",
    from: "md",
    cell: ({ schema }) => (
      <Text fz="sm" c="dimmed">
        {asksNothing(schema as SettingsSchema | null) ? "any data" : "checked"}
      </Text>
    ),
  },
  {
    name: "Whose",
    width: "130px",
    from: "sm",
    cell: ({ built_in }) =>
      built_in ? (
        <Group gap={4} wrap="nowrap" c="dimmed">
          <IconLock size={14} aria-hidden />
          <Text fz="sm">Stagehook's</Text>
        </Group>
      ) : (
        <Text fz="sm">the studio's</Text>
      ),
  },
];

export function Component() {
  const mayChange = useMay("editor");
  const { values, set, setAll } = useFilters("kind", "search", "type");
  const [makes, setMakes] = useState<"type" | "import">();
  const types = api.useQuery("get", "/api/v1/event-types");
  const search = (values.search ?? "").toLowerCase();
  const shown = (types.data?.items ?? []).filter(
    ({ name, description, kind }) =>
      (!values.kind || kind === values.kind) &&
      (name.toLowerCase().includes(search) || description.toLowerCase().includes(search)),
  );
  const open = types.data?.items.find(({ name }) => name === values.type);
  return (
    <Page
      title="Event types"
      before={<BackLink to="/events">Events</BackLink>}
      subtitle="Every event is of a type that is listed here. Business events are kept and trigger hooks; progress goes to those who listen, and is gone."
      actions={
        mayChange && (
          <>
            <Button
              variant="default"
              leftSection={<IconUpload size={16} aria-hidden />}
              onClick={() => setMakes("import")}
            >
              Import
            </Button>
            <Button
              leftSection={<IconPlus size={16} aria-hidden />}
              onClick={() => setMakes("type")}
            >
              New type
            </Button>
          </>
        )
      }
    >
      <Group gap="xs" role="search" aria-label="Filters">
        <SearchField
          aria-label="Name or description"
          placeholder="Name or description"
          value={values.search}
          onChange={(search) => set("search", search)}
          w={260}
        />
        <SegmentedControl
          aria-label="Kind"
          value={values.kind ?? ""}
          onChange={(kind) => set("kind", kind)}
          data={[
            { value: "", label: "All" },
            { value: "business", label: "Business" },
            { value: "progress", label: "Progress" },
          ]}
        />
      </Group>
      <ProblemAlert error={types.error} onRetry={() => void types.refetch()} />
      {types.isPending ? (
        <Stack gap={4} aria-busy>
          {Array.from({ length: 10 }, (_, index) => (
            <Skeleton key={index} h={40} />
          ))}
        </Stack>
      ) : shown.length > 0 ? (
        <VirtualTable
          label="Event types"
          columns={COLUMNS}
          rows={shown}
          rowHeight={44}
          rowKey={({ name }) => name}
          onOpen={({ name }) => set("type", name)}
        />
      ) : (
        !types.error && (
          <EmptyState
            title="No type fits"
            action={
              <Button variant="default" onClick={() => setAll({ kind: null, search: null })}>
                Clear the filters
              </Button>
            }
          >
            The filters leave nothing over.
          </EmptyState>
        )
      )}
      <TypeDrawer type={open} onClose={() => set("type", null)} mayChange={mayChange} />
      {makes === "type" && (
        <CreateType onClose={() => setMakes(undefined)} onMade={(name) => set("type", name)} />
      )}
      {makes === "import" && <ImportTypes onClose={() => setMakes(undefined)} />}
    </Page>
  );
}
