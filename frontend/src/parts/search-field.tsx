/** A text that is looked for; see `useTyped`. */
import { TextInput, type TextInputProps } from "@mantine/core";
import { IconSearch } from "@tabler/icons-react";
import { useTyped } from "./typed";

export function SearchField({
  value,
  onChange,
  ...props
}: {
  value: string | undefined;
  onChange: (value: string) => void;
} & Omit<TextInputProps, "value" | "onChange">) {
  const [text, type] = useTyped(value, onChange);
  return (
    <TextInput
      data-search
      leftSection={<IconSearch size={15} aria-hidden />}
      {...props}
      value={text}
      onChange={(event) => type(event.currentTarget.value)}
    />
  );
}
