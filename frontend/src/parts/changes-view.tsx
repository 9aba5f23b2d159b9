/** What is different between two JSON values, one line for each place. */
import { Table, Text } from "@mantine/core";
import classes from "./changes-view.module.css";
import { type Change, changes, isMembers, type Json } from "./merge-patch";

const SIGNS = { added: "+", changed: "~", removed: "−" } as const;
const TOO_LONG = 400;

export function ChangesView({
  before,
  after,
  label,
  empty,
}: {
  before: Json | undefined;
  after: Json | undefined;
  /** Of the table, for who cannot see where it is. */
  label: string;
  empty: string;
}) {
  const found = changes(before, after);
  if (found.length === 0)
    return (
      <Text fz="sm" c="dimmed">
        {empty}
      </Text>
    );
  const hasBefore = found.some(({ kind }) => kind !== "added");
  return (
    <Table.ScrollContainer minWidth={420} type="native">
      <Table className={classes.changes} highlightOnHover={false} aria-label={label}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th w="34%">Where</Table.Th>
            {hasBefore && <Table.Th>Before</Table.Th>}
            <Table.Th>{hasBefore ? "After" : "Value"}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {found.map((change) => (
            <Row key={change.path.join("\u0000")} change={change} hasBefore={hasBefore} />
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}

function Row({ change, hasBefore }: { change: Change; hasBefore: boolean }) {
  const { path, kind, before, after } = change;
  return (
    <Table.Tr data-kind={kind} className={classes.row}>
      <Table.Td>
        <span className={classes.sign} role="img" aria-label={kind}>
          {SIGNS[kind]}
        </span>
        <span className="mono">{path.length === 0 ? "everything" : path.join(" › ")}</span>
      </Table.Td>
      {hasBefore && (
        <Table.Td className={classes.before}>
          {before === undefined ? "" : <del className="mono">{say(before)}</del>}
        </Table.Td>
      )}
      <Table.Td className={classes.after}>
        {after === undefined ? (
          <Text fz="sm" c="dimmed" component="span">
            removed
          </Text>
        ) : (
          <span className="mono">{say(after)}</span>
        )}
      </Table.Td>
    </Table.Tr>
  );
}

function say(value: Json): string {
  const text =
    isMembers(value) || Array.isArray(value)
      ? JSON.stringify(value, null, 1).replace(/\n\s*/g, " ")
      : JSON.stringify(value);
  return text.length > TOO_LONG
    ? `${text.slice(0, TOO_LONG)}… (${text.length.toLocaleString("en")} characters)`
    : text;
}
