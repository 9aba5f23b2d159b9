import { Button, Group, Select } from "@mantine/core";
import { IconX } from "@tabler/icons-react";
import { useMemo } from "react";
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
    <Group gap="xs" role="search" aria-label="Filter the hooks">
      <SearchField
        aria-label="Search by name or description"
        placeholder="Name or description"
        value={values.search}
        onChange={(value) => set("search", value)}
        w={220}
      />
      <Select
        aria-label="Hook point or event"
        placeholder="Any trigger"
        clearable
        searchable
        w={190}
        value={trigger ?? null}
        onChange={(value) => set("trigger", value)}
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
      <Select
        aria-label="Type"
        placeholder="Any type"
        clearable
        w={125}
        value={values.type ?? null}
        onChange={(value) => set("type", value)}
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
      <Select
        aria-label="Failure mode"
        placeholder="Any failure mode"
        clearable
        w={165}
        value={values.failure_mode ?? null}
        onChange={(value) => set("failure_mode", value)}
        data={FAILURE_MODES.map(({ name, says }) => ({ value: name, label: says }))}
      />
      {filters.isAny && (
        <Button
          variant="subtle"
          color="gray"
          leftSection={<IconX size={14} aria-hidden />}
          onClick={filters.clear}
        >
          Clear
        </Button>
      )}
    </Group>
  );
}

const isPoint = (trigger: string): boolean => HOOK_POINTS.some(({ name }) => name === trigger);
