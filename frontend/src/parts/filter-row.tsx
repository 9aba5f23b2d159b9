/** The filters above a list. */
import { Button, Group, Select, type SelectProps } from "@mantine/core";
import { IconX } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { EventNameInput } from "./event-name-input";
import type { Filters } from "./filters";
import { SearchField } from "./search-field";
import { TimeRange } from "./time-range";
import { useTyped } from "./typed";

type Clearable = Pick<Filters<string>, "isAny" | "clear">;

/** They in a row, and what takes them all away. */
export function FilterRow({
  label,
  filters,
  children,
}: {
  label: string;
  filters: Clearable;
  children: ReactNode;
}) {
  return (
    <Group gap="xs" role="search" aria-label={label}>
      {children}
      <ClearFilters filters={filters} />
    </Group>
  );
}

export function ClearFilters({ filters }: { filters: Clearable }) {
  if (!filters.isAny) return null;
  return (
    <Button
      variant="subtle"
      color="gray"
      leftSection={<IconX size={15} aria-hidden />}
      onClick={filters.clear}
    >
      Clear
    </Button>
  );
}

/** One of several values, or any. */
export function FilterSelect<Key extends string>({
  filters: { values, set },
  name,
  label,
  ...props
}: {
  filters: Pick<Filters<Key>, "values" | "set">;
  name: Key;
  label: string;
  /** What it says where none is chosen. */
  placeholder: string;
  data: SelectProps["data"];
  w: number;
  searchable?: boolean;
}) {
  return (
    <Select
      aria-label={label}
      clearable
      value={values[name] ?? null}
      onChange={(value) => set(name, value)}
      {...props}
    />
  );
}

/** The number of a job, or of anything else. */
export function FilterNumber<Key extends string>({
  filters: { values, set },
  name,
  label,
  placeholder,
}: {
  filters: Pick<Filters<Key>, "values" | "set">;
  name: Key;
  label: string;
  placeholder: string;
}) {
  return (
    <SearchField
      aria-label={label}
      placeholder={placeholder}
      data-search={undefined}
      leftSection={undefined}
      inputMode="numeric"
      value={values[name]}
      onChange={(value) => set(name, value.replace(/\D/g, ""))}
      w={110}
    />
  );
}

/** The name of an event, or its pattern. */
export function FilterEvent({
  filters: { values, set },
  isSearch = false,
  w,
}: {
  filters: Pick<Filters<"event">, "values" | "set">;
  /** Whether `/` goes there. */
  isSearch?: boolean;
  w: number;
}) {
  const [name, type] = useTyped(values.event, (name) => set("event", name));
  return (
    <EventNameInput
      data-search={isSearch || undefined}
      aria-label="Event"
      placeholder="Any event"
      kind="business"
      w={w}
      value={name}
      onChange={type}
    />
  );
}

export function FilterTime({
  filters: { values, setAll },
}: {
  filters: Pick<Filters<"since" | "until">, "values" | "setAll">;
}) {
  return (
    <TimeRange
      since={values.since}
      until={values.until}
      onChange={({ since, until }) => setAll({ since, until })}
    />
  );
}
