/** A stretch of time to filter by: one of the usual ones, or from and to any moment. */
import { Button, Divider, Group, Popover, Stack, TextInput } from "@mantine/core";
import { IconCalendar, IconChevronDown } from "@tabler/icons-react";
import { useState } from "react";
import { sayMoment } from "./time";

const USUAL = [
  { label: "Last 15 minutes", minutes: 15 },
  { label: "Last hour", minutes: 60 },
  { label: "Last 24 hours", minutes: 24 * 60 },
  { label: "Last 7 days", minutes: 7 * 24 * 60 },
  { label: "Last 30 days", minutes: 30 * 24 * 60 },
] as const;

export type Range = { since?: string; until?: string };

export function TimeRange({
  since,
  until,
  onChange,
  label = "Time",
}: Range & { onChange: (range: Range) => void; label?: string }) {
  const [isOpen, setOpen] = useState(false);
  const says = sayRange({ since, until });
  const choose = (range: Range) => {
    onChange(range);
    setOpen(false);
  };
  return (
    <Popover opened={isOpen} onChange={setOpen} position="bottom-start" trapFocus withRoles>
      <Popover.Target>
        <Button
          variant="default"
          fw={420}
          leftSection={<IconCalendar size={16} stroke={1.7} aria-hidden />}
          rightSection={<IconChevronDown size={14} aria-hidden />}
          onClick={() => setOpen(!isOpen)}
          aria-label={`${label}: ${says}`}
        >
          {says}
        </Button>
      </Popover.Target>
      <Popover.Dropdown p="xs">
        <Stack gap={2}>
          {USUAL.map(({ label, minutes }) => (
            <Choice
              key={minutes}
              onClick={() =>
                choose({ since: new Date(Date.now() - minutes * 60_000).toISOString() })
              }
            >
              {label}
            </Choice>
          ))}
          <Choice onClick={() => choose({})}>Any time</Choice>
          <Divider my={6} />
          <Group gap="xs" px={6} pb={4} wrap="nowrap">
            <Moment label="From" value={since} onChange={(since) => onChange({ since, until })} />
            <Moment label="Until" value={until} onChange={(until) => onChange({ since, until })} />
          </Group>
        </Stack>
      </Popover.Dropdown>
    </Popover>
  );
}

function Choice({ onClick, children }: { onClick: () => void; children: string }) {
  return (
    <Button variant="subtle" color="gray" justify="flex-start" fw={420} onClick={onClick}>
      {children}
    </Button>
  );
}

/** A moment in this browser's time, kept as RFC 3339. */
export function Moment({
  label,
  value,
  onChange,
  error,
  required = false,
  hideLabel = false,
  w,
}: {
  label: string;
  hideLabel?: boolean;
  w?: number;
  value: string | undefined;
  onChange: (value: string | undefined) => void;
  error?: string;
  required?: boolean;
}) {
  return (
    <TextInput
      type="datetime-local"
      label={hideLabel ? undefined : label}
      aria-label={hideLabel ? label : undefined}
      w={w}
      value={value ? localOf(value) : ""}
      error={error}
      required={required}
      onChange={(event) => {
        const text = event.currentTarget.value;
        onChange(text ? new Date(text).toISOString() : undefined);
      }}
    />
  );
}

function localOf(value: string): string {
  const at = new Date(value);
  if (Number.isNaN(at.getTime())) return "";
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

function sayRange({ since, until }: Range): string {
  const from = since && sayMoment(since);
  const to = until && sayMoment(until);
  if (from && to) return `${from} to ${to}`;
  if (from) return `since ${from}`;
  if (to) return `until ${to}`;
  return "Any time";
}
