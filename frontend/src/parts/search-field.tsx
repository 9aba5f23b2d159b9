/**
 * A text that is looked for, kept in the address. What is typed stays in the field at
 * once; the address, which the page is drawn from, follows when one stops for a moment.
 */
import { TextInput, type TextInputProps } from "@mantine/core";
import { IconSearch } from "@tabler/icons-react";
import { useEffect, useRef, useState } from "react";

const PAUSE_MS = 150;

export function SearchField({
  value,
  onChange,
  ...props
}: {
  value: string | undefined;
  onChange: (value: string) => void;
} & Omit<TextInputProps, "value" | "onChange">) {
  const known = value ?? "";
  const [text, setText] = useState(known);
  const timer = useRef<number>(undefined);
  const latest = useRef(onChange);
  latest.current = onChange;
  const isTyping = useRef(false);
  // The address was changed otherwise: by a button, or by going back.
  useEffect(() => {
    if (!isTyping.current) setText(known);
  }, [known]);
  useEffect(() => () => window.clearTimeout(timer.current), []);
  return (
    <TextInput
      data-search
      leftSection={<IconSearch size={15} aria-hidden />}
      {...props}
      value={text}
      onChange={(event) => {
        const next = event.currentTarget.value;
        setText(next);
        isTyping.current = true;
        window.clearTimeout(timer.current);
        timer.current = window.setTimeout(() => {
          isTyping.current = false;
          latest.current(next);
        }, PAUSE_MS);
      }}
    />
  );
}
