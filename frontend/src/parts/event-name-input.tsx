/** The name of an event type, or a pattern, with the catalogue's names to choose from. */
import { Autocomplete, type AutocompleteProps } from "@mantine/core";
import { api } from "@/api/client";

export function EventNameInput({
  kind,
  value,
  onChange,
  ...props
}: {
  kind?: "business" | "progress";
  value: string;
  onChange: (name: string) => void;
} & Omit<AutocompleteProps, "data" | "value" | "onChange">) {
  const types = api.useQuery("get", "/api/v1/event-types");
  const names = (types.data?.items ?? [])
    .filter((type) => !kind || type.kind === kind)
    .map(({ name }) => name);
  return (
    <Autocomplete
      data={[...new Set(names)].sort()}
      value={value}
      onChange={onChange}
      limit={40}
      clearable
      {...props}
    />
  );
}
