/** Events as they are told, progress and unknown names too; the last few hundred. */
import { Button, Drawer, Group, Stack, Text } from "@mantine/core";
import { IconBroadcast, IconPlayerPause, IconPlayerPlay } from "@tabler/icons-react";
import { useCallback, useEffect, useRef, useState } from "react";
import { Link } from "react-router";
import { useConnection } from "@/api/connection";
import { useHeard } from "@/api/live";
import type { LiveEvent } from "@/api/stream";
import { EmptyState } from "@/parts/empty-state";
import { EventNameInput } from "@/parts/event-name-input";
import { useFilters } from "@/parts/filters";
import { patternMatches } from "@/parts/hook-words";
import { JsonView } from "@/parts/json-view";
import { sayCount } from "@/parts/time";
import { type Column, VirtualTable } from "@/parts/virtual-table";
import classes from "./live-tail.module.css";
import { sayEvent } from "./words";

/** Kept on the screen; and while it is paused, behind it. */
const MOST = 500;
/** Drawn at most so often: a pipeline may tell a thousand events a second. */
const DRAW_MS = 250;

type Told = LiveEvent & { key: number; at: Date };

const TIME = new Intl.DateTimeFormat("en-GB", { timeStyle: "medium" });

export function LiveTail() {
  const { values, set } = useFilters("event");
  const pattern = values.event ?? "";
  const tail = useTail(pattern);
  const [open, setOpen] = useState<Told>();
  const isDown = useConnection() === "down";
  return (
    <>
      <Group gap="xs" justify="space-between">
        <Group gap="xs">
          <EventNameInput
            data-search
            aria-label="Name or pattern"
            placeholder="Every event, or such as job_*"
            w={260}
            value={pattern}
            onChange={(name) => set("event", name)}
          />
          <Button
            variant={tail.isPaused ? "filled" : "default"}
            leftSection={
              tail.isPaused ? (
                <IconPlayerPlay size={16} aria-hidden />
              ) : (
                <IconPlayerPause size={16} aria-hidden />
              )
            }
            onClick={tail.toggle}
          >
            {tail.isPaused ? "Go on" : "Pause"}
          </Button>
          <Button
            variant="subtle"
            color="gray"
            onClick={tail.clear}
            disabled={tail.rows.length === 0}
          >
            Clear
          </Button>
        </Group>
        <Group gap={8} role="status">
          <span
            className={classes.light}
            data-state={isDown ? "down" : tail.isPaused ? "paused" : "live"}
            aria-hidden
          />
          <Text fz="sm" c="dimmed" className="numbers">
            {isDown
              ? "The server does not answer"
              : tail.isPaused
                ? `Paused, ${sayCount(tail.waiting)} new`
                : `Listening, ${sayCount(tail.told)} so far`}
            {tail.missed > 0 && `, ${sayCount(tail.missed)} missed`}
          </Text>
        </Group>
      </Group>
      {tail.rows.length === 0 ? (
        <EmptyState title="Listening" icon={IconBroadcast}>
          Events are shown here as they are told, progress such as{" "}
          <span className="mono">job_progress</span> too. The last {MOST} stay.
        </EmptyState>
      ) : (
        <VirtualTable
          label="Events as they happen"
          columns={COLUMNS}
          rows={tail.rows}
          rowHeight={38}
          rowKey={({ key }) => key}
          onOpen={setOpen}
        />
      )}
      <Drawer
        opened={open !== undefined}
        onClose={() => setOpen(undefined)}
        title={open?.event_name}
        size="lg"
      >
        {open && (
          <Stack>
            <Text fz="sm">{sayEvent(open.event_name, open.data)}</Text>
            {open.id ? (
              <Link to={`/events/${open.id}`}>The event and its deliveries</Link>
            ) : (
              <Text fz="sm" c="dimmed">
                Told live and not kept.
              </Text>
            )}
            <JsonView label="Data" value={open.data} />
          </Stack>
        )}
      </Drawer>
    </>
  );
}

const COLUMNS: Column<Told>[] = [
  {
    name: "Told",
    width: "96px",
    cell: ({ at }) => (
      <Text fz="sm" c="dimmed" className="numbers">
        {TIME.format(at)}
      </Text>
    ),
  },
  {
    name: "Event",
    width: "220px",
    cell: ({ id, event_name }) => (
      <Text fz="sm" truncate>
        {id ? (
          <Link to={`/events/${id}`} className="mono">
            {event_name}
          </Link>
        ) : (
          <span className="mono">{event_name}</span>
        )}
      </Text>
    ),
  },
  {
    name: "Says",
    cell: ({ event_name, data }) => (
      <Text fz="sm" truncate>
        {sayEvent(event_name, data)}
      </Text>
    ),
  },
];

function useTail(pattern: string) {
  const [shown, setShown] = useState<Told[]>([]);
  const [isPaused, setPaused] = useState(false);
  const [counts, setCounts] = useState({ told: 0, waiting: 0, missed: 0 });
  const heard = useRef<Told[]>([]);
  const pending = useRef({ told: 0, waiting: 0, missed: 0 });
  const timer = useRef<number>(undefined);
  const next = useRef(0);
  const paused = useRef(false);
  useEffect(() => () => window.clearTimeout(timer.current), []);
  const draw = useCallback(() => {
    timer.current = undefined;
    if (!paused.current) setShown(heard.current);
    setCounts({ ...pending.current });
  }, []);
  useHeard((event) => {
    if (event.event_name === "lagged") pending.current.missed += Number(event.data.missed ?? 0);
    heard.current = [
      { ...event, key: next.current++, at: new Date() },
      ...heard.current.slice(0, MOST - 1),
    ];
    pending.current.told++;
    if (paused.current) pending.current.waiting++;
    timer.current ??= window.setTimeout(draw, DRAW_MS);
  });
  const toggle = () => {
    paused.current = !paused.current;
    pending.current.waiting = 0;
    setPaused(paused.current);
    draw();
  };
  const clear = () => {
    heard.current = [];
    pending.current = { told: 0, waiting: 0, missed: 0 };
    setShown([]);
    setCounts(pending.current);
  };
  const rows = pattern ? shown.filter((told) => fits(pattern, told.event_name)) : shown;
  return { rows, isPaused, toggle, clear, ...counts };
}

/** What is being typed finds names that begin so; patterns are meant as hooks mean them. */
const fits = (pattern: string, name: string) =>
  pattern.includes("*") ? patternMatches(pattern, name) : name.startsWith(pattern);
