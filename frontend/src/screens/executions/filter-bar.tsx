import { Group, SegmentedControl, Select, Stack } from "@mantine/core";
import type { ReactNode } from "react";
import { ClearFilters, FilterNumber, FilterSelect } from "@/parts/filter-row";
import { HookSelect } from "@/parts/hook-select";
import { HOOK_POINTS, HOOK_TYPES } from "@/parts/hook-words";
import { sayStatus, STATUSES } from "@/parts/outcome";
import { SearchField } from "@/parts/search-field";
import { Moment } from "@/parts/time-range";
import { CUSTOM, type LogFilters, PERIODS } from "./filters";

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
  const { values, set, setAll } = filters;
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
        <SearchField
          aria-label="Text in the output or the error"
          placeholder="Text in output or error"
          value={values.contains}
          onChange={(value) => set("contains", value)}
          w={220}
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
            <Moment
              hideLabel
              w={200}
              label="From"
              value={values.since}
              onChange={(since) => setAll({ since, period: CUSTOM })}
            />
            <Moment
              hideLabel
              w={200}
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
        {hasHook && (
          <HookSelect
            hideLabel
            w={220}
            value={Number(values.hook_id) || undefined}
            onChange={(hook) => set("hook_id", hook === undefined ? null : String(hook))}
          />
        )}
        {hasJob && (
          <FilterNumber
            filters={filters}
            name="job_id"
            label="Job's number"
            placeholder="Any job"
          />
        )}
        <FilterSelect
          filters={filters}
          name="status"
          label="Status"
          placeholder="Any status"
          w={140}
          data={STATUSES.map((value) => ({ value, label: sayStatus(value) }))}
        />
        {hasHook && (
          <>
            <FilterSelect
              filters={filters}
              name="hook_type"
              label="Type"
              placeholder="Any type"
              w={124}
              data={HOOK_TYPES.map(({ name, says }) => ({ value: name, label: says }))}
            />
            <FilterSelect
              filters={filters}
              name="hook_point"
              label="Hook point"
              placeholder="Any hook point"
              w={166}
              data={HOOK_POINTS.map(({ name }) => name)}
            />
          </>
        )}
        <FilterSelect
          filters={filters}
          name="is_test"
          label="Tests"
          placeholder="Tests and runs"
          w={142}
          data={[
            { value: "false", label: "Runs only" },
            { value: "true", label: "Tests only" },
          ]}
        />
        <ClearFilters filters={filters} />
      </Group>
    </Stack>
  );
}
