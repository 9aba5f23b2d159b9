import { SearchField } from "@/parts/search-field";
import { Button, Group, SegmentedControl, Select, Stack, TextInput } from "@mantine/core";
import { IconSearch, IconX } from "@tabler/icons-react";
import { type ReactNode, useState } from "react";
import { api } from "@/api/client";
import { HOOK_POINTS, HOOK_TYPES } from "@/parts/hook-words";
import { sayStatus, STATUSES } from "@/parts/outcome";
import { CUSTOM, type LogFilters, PERIODS } from "./filters";

const SUGGESTED = 20;

export function FilterBar({
  filters,
  hasHook,
  hasJob,
  aside,
}: {
  filters: LogFilters;
  /** Whether hook and job can be chosen. */
  hasHook: boolean;
  hasJob: boolean;
  /** At the end of the first row. */
  aside?: ReactNode;
}) {
  const { values, set, setAll, clear, isAny } = filters;
  const isCustom = values.period === CUSTOM || Boolean(values.since ?? values.until);
  return (
    <Stack gap="xs" role="search" aria-label="Filter the executions">
      <Group gap="xs">
        <SegmentedControl
          aria-label="Outcome"
          size="sm"
          value={values.success ?? "any"}
          onChange={(value) => set("success", value === "any" ? null : value)}
          data={[
            { value: "any", label: "All" },
            { value: "false", label: "Failures" },
            { value: "true", label: "Successes" },
          ]}
        />
        <TextFilter
          label="Text in the output or the error"
          placeholder="Text in output or error"
          value={values.contains}
          onChange={(value) => set("contains", value)}
          isSearch
        />
        <Select
          aria-label="Time"
          placeholder="Any time"
          clearable
          w={150}
          value={isCustom ? CUSTOM : (values.period ?? null)}
          onChange={(period) => setAll({ period, since: null, until: null })}
          data={[
            ...PERIODS.map(({ value, label }) => ({ value, label })),
            { value: CUSTOM, label: "From … to …" },
          ]}
        />
        {isCustom && (
          <>
            <MomentFilter
              label="From"
              value={values.since}
              onChange={(since) => setAll({ since, period: CUSTOM })}
            />
            <MomentFilter
              label="To"
              value={values.until}
              onChange={(until) => setAll({ until, period: CUSTOM })}
            />
          </>
        )}
        {aside && (
          <Group gap="md" ml="auto">
            {aside}
          </Group>
        )}
      </Group>
      <Group gap="xs">
        {hasHook && <HookFilter value={values.hook_id} onChange={(hook) => set("hook_id", hook)} />}
        {hasJob && (
          <TextFilter
            label="Job's number"
            placeholder="Any job"
            value={values.job_id}
            onChange={(job) => set("job_id", job?.replace(/\D/g, ""))}
            width={96}
          />
        )}
        <Select
          aria-label="Status"
          placeholder="Any status"
          clearable
          w={140}
          value={values.status ?? null}
          onChange={(value) => set("status", value)}
          data={STATUSES.map((value) => ({ value, label: sayStatus(value) }))}
        />
        {hasHook && (
          <>
            <Select
              aria-label="Type"
              placeholder="Any type"
              clearable
              w={124}
              value={values.hook_type ?? null}
              onChange={(value) => set("hook_type", value)}
              data={HOOK_TYPES.map(({ name, says }) => ({ value: name, label: says }))}
            />
            <Select
              aria-label="Hook point"
              placeholder="Any hook point"
              clearable
              w={166}
              value={values.hook_point ?? null}
              onChange={(value) => set("hook_point", value)}
              data={HOOK_POINTS.map(({ name }) => name)}
            />
          </>
        )}
        <Select
          aria-label="Tests"
          placeholder="Tests and runs"
          clearable
          w={142}
          value={values.is_test ?? null}
          onChange={(value) => set("is_test", value)}
          data={[
            { value: "false", label: "Runs only" },
            { value: "true", label: "Tests only" },
          ]}
        />
        {isAny && (
          <Button
            variant="subtle"
            color="gray"
            leftSection={<IconX size={15} aria-hidden />}
            onClick={clear}
          >
            Clear
          </Button>
        )}
      </Group>
    </Stack>
  );
}

/** Takes what is typed once it has been typed. */
function TextFilter({
  label,
  placeholder,
  value = "",
  onChange,
  width = 220,
  isSearch = false,
}: {
  label: string;
  placeholder: string;
  value?: string;
  onChange: (value: string | undefined) => void;
  width?: number;
  isSearch?: boolean;
}) {
  return (
    <SearchField
      aria-label={label}
      placeholder={placeholder}
      data-search={isSearch || undefined}
      leftSection={isSearch ? <IconSearch size={15} aria-hidden /> : undefined}
      value={value}
      onChange={onChange}
      w={width}
    />
  );
}

function MomentFilter({
  label,
  value,
  onChange,
}: {
  label: string;
  value?: string;
  onChange: (value: string | null) => void;
}) {
  return (
    <TextInput
      type="datetime-local"
      aria-label={label}
      w={200}
      value={value ? localMoment(new Date(value)) : ""}
      onChange={(event) => {
        const at = new Date(event.currentTarget.value);
        onChange(Number.isNaN(at.getTime()) ? null : at.toISOString());
      }}
    />
  );
}

/** As the field has it: without a time zone, in the reader's. */
function localMoment(at: Date): string {
  if (Number.isNaN(at.getTime())) return "";
  const local = new Date(at.getTime() - at.getTimezoneOffset() * 60_000);
  return local.toISOString().slice(0, 16);
}

function HookFilter({
  value,
  onChange,
}: {
  value?: string;
  onChange: (value: string | null) => void;
}) {
  const [search, setSearch] = useState("");
  const [isOpen, setOpen] = useState(false);
  const found = api.useQuery(
    "get",
    "/api/v1/hooks",
    { params: { query: { search: search || undefined, limit: SUGGESTED } } },
    { enabled: isOpen, placeholderData: (before) => before },
  ).data;
  const id = Number(value);
  const chosen = api.useQuery(
    "get",
    "/api/v1/hooks/{id}",
    { params: { path: { id } } },
    { enabled: value !== undefined && Number.isInteger(id) },
  ).data;
  const hooks = (found?.items ?? []).map(({ id, name, hook_point, event }) => ({
    value: String(id),
    label: `${name} (${hook_point ?? event})`,
  }));
  const name = chosen ? `${chosen.name} (${chosen.hook_point ?? chosen.event})` : `hook ${value}`;
  if (value !== undefined && !hooks.some((hook) => hook.value === value)) {
    hooks.unshift({ value, label: name });
  }
  return (
    <Select
      aria-label="Hook"
      placeholder="Any hook"
      clearable
      searchable
      w={220}
      value={value ?? null}
      onChange={onChange}
      // The server has searched.
      filter={({ options }) => options}
      searchValue={search}
      onSearchChange={(text) => setSearch(text === name ? "" : text)}
      onDropdownOpen={() => {
        setSearch("");
        setOpen(true);
      }}
      nothingFoundMessage="No hook of that name"
      data={hooks}
    />
  );
}
