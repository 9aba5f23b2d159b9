/** One hook, found by a part of its name. */
import { Select } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useState } from "react";
import { api } from "@/api/client";

const MOST = 30;

export function HookSelect({
  label = "Hook",
  hideLabel = false,
  placeholder = "Any hook",
  description,
  value,
  onChange,
  error,
  w,
}: {
  label?: string;
  hideLabel?: boolean;
  placeholder?: string;
  description?: string;
  value: number | undefined;
  onChange: (id: number | undefined) => void;
  error?: string;
  w?: number | string;
}) {
  const [typed, setTyped] = useState("");
  const [search] = useDebouncedValue(typed, 200);
  const [isOpen, setOpen] = useState(false);
  const chosen = api.useQuery(
    "get",
    "/api/v1/hooks/{id}",
    { params: { path: { id: value ?? 0 } } },
    { enabled: value !== undefined },
  ).data;
  // What is chosen is what the field says; only other text searches.
  const asked = chosen && search === chosen.name ? "" : search;
  const found = api.useQuery(
    "get",
    "/api/v1/hooks",
    { params: { query: { search: asked || undefined, limit: MOST } } },
    { enabled: isOpen, placeholderData: (before) => before },
  );
  const hooks = [...(found.data?.items ?? [])];
  if (chosen && !hooks.some(({ id }) => id === chosen.id)) hooks.unshift(chosen);
  const options = hooks.map((hook) => ({ value: String(hook.id), label: hook.name }));
  // One that was deleted; what it did is still found.
  if (value !== undefined && !options.some((option) => option.value === String(value))) {
    options.unshift({ value: String(value), label: `hook ${value}` });
  }
  return (
    <Select
      label={hideLabel ? undefined : label}
      aria-label={hideLabel ? label : undefined}
      placeholder={placeholder}
      description={description}
      error={error}
      w={w}
      searchable
      clearable
      data={options}
      // The server has searched.
      filter={({ options }) => options}
      value={value === undefined ? null : String(value)}
      onChange={(id) => onChange(id === null ? undefined : Number(id))}
      onSearchChange={setTyped}
      onDropdownOpen={() => setOpen(true)}
      nothingFoundMessage={found.isFetching ? "Looking" : "No hook of that name"}
      renderOption={({ option }) => {
        const hook = hooks.find(({ id }) => String(id) === option.value);
        return (
          <span>
            {option.label}{" "}
            <span style={{ color: "var(--quiet)", fontSize: "0.9em" }}>
              {hook?.hook_point ?? hook?.event}
            </span>
          </span>
        );
      }}
    />
  );
}
