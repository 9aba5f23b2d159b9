/** When each hook of a stage run was at work, and which waited for which. */
import { Anchor, Text } from "@mantine/core";
import { Link } from "react-router";
import { OutcomeMark, toneOf } from "@/parts/outcome";
import { sayDuration } from "@/parts/time";
import { type LogItem, saidBy } from "../executions/words";
import classes from "./timeline.module.css";

export type Row =
  | { kind: "ran"; log: LogItem }
  | { kind: "at work"; name: string; sinceMs: number }
  | { kind: "waits"; name: string }
  | { kind: "not run"; name: string; why: string };

/** Times are told from the beginning of the run. */
export function Timeline({
  rows,
  startedAt,
  totalMs,
}: {
  rows: readonly Row[];
  startedAt: string;
  totalMs: number;
}) {
  const began = new Date(startedAt).getTime();
  const whole = Math.max(totalMs, 1);
  const marks = [0, 0.25, 0.5, 0.75, 1];
  return (
    <div className={classes.frame}>
      <table className={classes.table} aria-label="Timeline">
        <thead>
          <tr>
            <th scope="col" className={classes.hookColumn}>
              Hook
            </th>
            <th scope="col" className={classes.outcomeColumn}>
              Outcome
            </th>
            <th scope="col">
              <span className={classes.axis} aria-hidden>
                {marks.map((mark) => (
                  <span
                    key={mark}
                    style={{ left: `${100 * mark}%` }}
                    data-end={mark === 1 || undefined}
                  >
                    {sayDuration(mark * whole)}
                  </span>
                ))}
              </span>
              <span className={classes.unseen}>When it was at work</span>
            </th>
            <th scope="col" className={classes.tookColumn}>
              Took
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row, at) => (
            <TimelineRow
              key={at}
              row={row}
              offset={row.kind === "ran" ? new Date(row.log.executed_at).getTime() - began : 0}
              waitedFor={waitedFor(rows, at)}
              whole={whole}
            />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function waitedFor(rows: readonly Row[], at: number): string | undefined {
  const before = rows[at - 1];
  if (!before) return undefined;
  return before.kind === "ran" ? before.log.hook.name : before.name;
}

function TimelineRow({
  row,
  offset,
  waitedFor,
  whole,
}: {
  row: Row;
  offset: number;
  waitedFor: string | undefined;
  whole: number;
}) {
  if (row.kind === "ran") {
    const { log } = row;
    const start = Math.max(0, Math.min(offset, whole));
    const waited = waitedFor && `waited ${sayDuration(start)} for ${waitedFor}`;
    return (
      <tr data-tone={toneOf(log.status)}>
        <td>
          <Anchor
            component={Link}
            to={`/executions/${log.id}`}
            fz="sm"
            fw={560}
            c="var(--mantine-color-text)"
          >
            {log.hook.name}
          </Anchor>
          <Text
            fz="xs"
            c={log.success ? "dimmed" : undefined}
            lineClamp={2}
            className={classes.says}
          >
            {saidBy(log)}
          </Text>
        </td>
        <td>
          <OutcomeMark status={log.status} />
        </td>
        <td>
          <Track
            start={start / whole}
            length={log.duration_ms / whole}
            says={`from ${sayDuration(start)}${waited ? `, ${waited}` : ""}`}
          />
        </td>
        <td className={classes.took}>{sayDuration(log.duration_ms)}</td>
      </tr>
    );
  }
  if (row.kind === "at work") {
    return (
      <tr data-tone="work">
        <td>
          <Text fz="sm" fw={560}>
            {row.name}
          </Text>
        </td>
        <td>
          <Text fz="sm">at work</Text>
        </td>
        <td>
          <Track
            start={row.sinceMs / whole}
            length={1 - row.sinceMs / whole}
            says={`from ${sayDuration(row.sinceMs)}`}
          />
        </td>
        <td />
      </tr>
    );
  }
  return (
    <tr data-tone="none">
      <td>
        <Text fz="sm" c="dimmed">
          {row.name}
        </Text>
      </td>
      <td>
        <Text fz="sm" c="dimmed">
          {row.kind === "waits" ? "waits" : "not run"}
        </Text>
      </td>
      <td>
        <Text fz="sm" c="dimmed">
          {row.kind === "waits" ? waitedFor && `for ${waitedFor}` : row.why}
        </Text>
      </td>
      <td />
    </tr>
  );
}

function Track({ start, length, says }: { start: number; length: number; says: string }) {
  const left = Math.min(99.2, 100 * start);
  const width = Math.max(0.8, Math.min(100 - left, 100 * length));
  return (
    <div className={classes.track} title={says}>
      {left > 0 && <span className={classes.wait} style={{ width: `${left}%` }} />}
      <span className={classes.bar} style={{ left: `${left}%`, width: `${width}%` }} />
      <span className={classes.unseen}>{says}</span>
    </div>
  );
}
