import { Select } from "@mantine/core";
import { useMemo } from "react";
import { FilterRow, FilterSelect } from "@/parts/filter-row";
import type { Filters } from "@/parts/filters";
import { FAILURE_MODES, HOOK_POINTS, HOOK_TYPES, type Hook } from "@/parts/hook-words";
import { useScopes } from "@/parts/scopes";
import { SearchField } from "@/parts/search-field";
import type { FilterKey } from "./groups";

export function ListFilters({
  filters,
  hooks,
}: {
  filters: Filters<FilterKey>;
  hooks: readonly Hook[];
}) {
  const { values, set, setAll } = filters;
  const scopes = useScopes();
  const events = useMemo(
    () => [...new Set(hooks.flatMap(({ event }) => event ?? []))].sort(),
    [hooks],
  );
  const trigger = values.trigger;
  const scope = values.scope_type
    ? [values.scope_type, values.scope_id].filter(Boolean).join(" ")
    : null;
  return (
    <FilterRow label="Filter the hooks" filters={filters}>
      <SearchField
        aria-label="Search by name or description"
        placeholder="Name or description"
        value={values.search}
        onChange={(value) => set("search", value)}
        w={220}
      />
      <FilterSelect
        filters={filters}
        name="trigger"
        label="Hook point or event"
        placeholder="Any trigger"
        searchable
        w={190}
        data={[
          {
            group: "Hook points",
            items: HOOK_POINTS.map(({ name }) => ({ value: name, label: name })),
          },
          {
            group: "Events",
            items: [
              { value: "event", label: "any event" },
              ...[
                ...new Set([
                  ...events,
                  ...(trigger && trigger !== "event" && !isPoint(trigger) ? [trigger] : []),
                ]),
              ].map((event) => ({ value: event, label: event })),
            ],
          },
        ]}
      />
      <FilterSelect
        filters={filters}
        name="type"
        label="Type"
        placeholder="Any type"
        w={125}
        data={HOOK_TYPES.map(({ name, says }) => ({ value: name, label: says }))}
      />
      <Select
        aria-label="Scope"
        placeholder="Any scope"
        clearable
        searchable
        w={190}
        value={scope}
        onChange={(value) => {
          const [scope_type, scope_id] = (value ?? "").split(" ");
          setAll({ scope_type, scope_id });
        }}
        data={[
          {
            group: "Levels",
            items: [
              { value: "studio", label: "studio" },
              { value: "project", label: "any project" },
              { value: "scene_type", label: "any scene type" },
            ],
          },
          {
            group: "Projects",
            items: scopes.projects.map(({ id, name }) => ({
              value: `project ${id}`,
              label: name,
            })),
          },
          {
            group: "Scene types",
            items: scopes.sceneTypes.map(({ id }) => ({
              value: `scene_type ${id}`,
              label: scopes.chain("scene_type", id).slice(1).join(" › "),
            })),
          },
        ]}
      />
      <Select
        aria-label="State"
        placeholder="Any state"
        clearable
        w={130}
        value={
          values.paused === "true"
            ? "paused"
            : values.enabled
              ? values.enabled === "true"
                ? "on"
                : "off"
              : null
        }
        onChange={(value) =>
          setAll({
            paused: value === "paused" ? "true" : null,
            enabled: value === "on" ? "true" : value === "off" ? "false" : null,
          })
        }
        data={[
          { value: "on", label: "on" },
          { value: "off", label: "off" },
          { value: "paused", label: "held up" },
        ]}
      />
      <FilterSelect
        filters={filters}
        name="failure_mode"
        label="Failure mode"
        placeholder="Any failure mode"
        w={165}
        data={FAILURE_MODES.map(({ name, says }) => ({ value: name, label: says }))}
      />
    </FilterRow>
  );
}

const isPoint = (trigger: string): boolean => HOOK_POINTS.some(({ name }) => name === trigger);
