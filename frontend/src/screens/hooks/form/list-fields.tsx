/** Fields of several values: arguments, environment, headers, directories. */
import { ActionIcon, Button, Group, Input, Select, Stack, Text, TextInput } from "@mantine/core";
import { IconPlus, IconTrash } from "@tabler/icons-react";
import { type ReactNode, useState } from "react";
import { flushSync } from "react-dom";
import { detailsAt } from "@/api/problem";
import { segmentOf } from "@/parts/json-pointer";
import { MONO, UNFIT, useField, useForm } from "./field";

function Remove({ label, onClick }: { label: string; onClick: () => void }) {
  return (
    <ActionIcon
      variant="subtle"
      color="gray"
      size={36}
      onClick={({ currentTarget }) => {
        const rows = currentTarget.closest("[role=group]");
        flushSync(onClick);
        // The next row has come up into its place. After the last one there is the one before,
        // or what adds one.
        if (currentTarget.isConnected) return;
        const left = rows?.querySelectorAll("button") ?? [];
        (left[left.length - 2] ?? left[left.length - 1])?.focus();
      }}
      aria-label={label}
      style={{ flex: "none" }}
    >
      <IconTrash size={16} />
    </ActionIcon>
  );
}

function Add({ children, onClick }: { children: string; onClick: () => void }) {
  return (
    <div>
      <Button
        variant="default"
        size="compact-sm"
        leftSection={<IconPlus size={14} aria-hidden />}
        onClick={onClick}
      >
        {children}
      </Button>
    </div>
  );
}

/** What is around the rows: a heading and help, as a field has. */
function Rows({
  label,
  help,
  error,
  children,
}: {
  label: string;
  help?: ReactNode;
  error?: ReactNode;
  children: ReactNode;
}) {
  return (
    <div role="group" aria-label={label}>
      <Text component="div" fz="sm" fw={500}>
        {label}
      </Text>
      {help && <Input.Description>{help}</Input.Description>}
      <Stack gap={6} mt={6}>
        {children}
        {error && <Input.Error>{error}</Input.Error>}
      </Stack>
    </div>
  );
}

/** Texts in an order: arguments, hosts. */
export function TextsField({
  pointer,
  label,
  help,
  item,
  placeholder,
}: {
  pointer: string;
  label: string;
  help?: ReactNode;
  /** What one of them is called. */
  item: string;
  placeholder?: string;
}) {
  const { value, set, readOnly } = useField<string[]>(pointer);
  const { problem } = useForm();
  const texts = Array.isArray(value) ? value : [];
  const put = (next: string[]) => set(next.length > 0 ? next : undefined);
  const whole = (problem?.errors ?? []).find((error) => error.pointer === pointer)?.detail;
  return (
    <Rows label={label} help={help} error={whole}>
      {texts.map((text, at) => (
        <Group key={at} gap={6} wrap="nowrap" align="flex-start">
          <TextInput
            flex={1}
            aria-label={`${item} ${at + 1}`}
            placeholder={placeholder}
            value={text}
            styles={MONO}
            readOnly={readOnly}
            error={detailsAt(problem, `${pointer}/${at}`)}
            onChange={(event) => put(texts.with(at, event.currentTarget.value))}
          />
          {!readOnly && (
            <Remove
              label={`Remove ${item} ${at + 1}`}
              onClick={() => put(texts.toSpliced(at, 1))}
            />
          )}
        </Group>
      ))}
      {!readOnly && <Add onClick={() => put([...texts, ""])}>{`Add ${item}`}</Add>}
    </Rows>
  );
}

/** Names with values: environment, headers. */
export function PairsField({
  pointer,
  label,
  help,
  item,
  name,
}: {
  pointer: string;
  label: string;
  help?: ReactNode;
  item: string;
  /** What the left side is called. */
  name: string;
}) {
  const { value, set, readOnly } = useField<Record<string, string>>(pointer);
  const { problem } = useForm();
  // Kept here as they are typed: two names are the same for a moment, or empty. Such a pair
  // would be lost, and so keeps the hook from being sent.
  const [pairs, setPairs] = useState(() => Object.entries(value ?? {}));
  const put = (next: [string, string][]) => {
    setPairs(next);
    const named = next.filter(([name]) => name !== "");
    set(named.length > 0 ? Object.fromEntries(named) : undefined);
  };
  const whole = (problem?.errors ?? []).find((error) => error.pointer === pointer)?.detail;
  return (
    <Rows label={label} help={help} error={whole}>
      {pairs.map(([key, text], at) => (
        <Group key={at} gap={6} wrap="nowrap" align="flex-start">
          <TextInput
            {...{ [UNFIT]: unfitness(pairs, at) }}
            w="36%"
            aria-label={`${name} ${at + 1}`}
            placeholder={name}
            value={key}
            styles={MONO}
            readOnly={readOnly}
            error={
              unfitness(pairs, at) ??
              (key ? detailsAt(problem, `${pointer}/${segmentOf(key)}`) : undefined)
            }
            onChange={(event) => put(pairs.with(at, [event.currentTarget.value, text]))}
          />
          <TextInput
            flex={1}
            aria-label={`Value of ${key || `${name} ${at + 1}`}`}
            placeholder="Value"
            value={text}
            styles={MONO}
            readOnly={readOnly}
            onChange={(event) => put(pairs.with(at, [key, event.currentTarget.value]))}
          />
          {!readOnly && (
            <Remove
              label={`Remove ${key || `${item} ${at + 1}`}`}
              onClick={() => put(pairs.toSpliced(at, 1))}
            />
          )}
        </Group>
      ))}
      {!readOnly && <Add onClick={() => put([...pairs, ["", ""]])}>{`Add ${item}`}</Add>}
    </Rows>
  );
}

/** Why a pair cannot be sent with the others. */
function unfitness(pairs: readonly [string, string][], at: number): string | undefined {
  const [name, value] = pairs[at] ?? ["", ""];
  if (name === "") return value === "" ? undefined : "It needs a name.";
  const isTaken = pairs.findIndex(([other]) => other === name) < at;
  return isTaken ? "There is one of this name already." : undefined;
}

type Directory = { host: string; guest: string; access: "read" | "write" };

export const ACCESS = [
  { value: "read", label: "Read" },
  { value: "write", label: "Read and write" },
];

export function DirectoriesField() {
  const pointer = "/config/grants/directories";
  const { value, set, readOnly } = useField<Directory[]>(pointer);
  const { problem } = useForm();
  const all = Array.isArray(value) ? value : [];
  const put = (next: Directory[]) => set(next.length > 0 ? next : undefined);
  const change = (at: number, changes: Partial<Directory>) => {
    const now = all[at];
    if (now) put(all.with(at, { ...now, ...changes }));
  };
  const whole = (problem?.errors ?? []).find((error) => error.pointer === pointer)?.detail;
  return (
    <Rows
      label="Further folders"
      help="Folders on the server, at or below one of its media roots, and where the hook sees them."
      error={whole}
    >
      {all.map(({ host, guest, access }, at) => (
        <Group key={at} gap={6} wrap="nowrap" align="flex-start">
          <TextInput
            flex={1}
            aria-label={`Folder ${at + 1} on the server`}
            placeholder="/media/luts"
            value={host}
            styles={MONO}
            readOnly={readOnly}
            error={detailsAt(problem, `${pointer}/${at}/host`)}
            onChange={(event) => change(at, { host: event.currentTarget.value })}
          />
          <TextInput
            flex={1}
            aria-label={`Folder ${at + 1} as the hook sees it`}
            placeholder="/luts"
            value={guest}
            styles={MONO}
            readOnly={readOnly}
            error={detailsAt(problem, `${pointer}/${at}/guest`)}
            onChange={(event) => change(at, { guest: event.currentTarget.value })}
          />
          <Select
            w={150}
            aria-label={`Access to folder ${at + 1}`}
            data={ACCESS}
            value={access}
            readOnly={readOnly}
            onChange={(access) => change(at, { access: access as Directory["access"] })}
          />
          {!readOnly && (
            <Remove label={`Remove folder ${at + 1}`} onClick={() => put(all.toSpliced(at, 1))} />
          )}
        </Group>
      ))}
      {!readOnly && (
        <Add onClick={() => put([...all, { host: "", guest: "", access: "read" }])}>Add folder</Add>
      )}
    </Rows>
  );
}
