/** The levels side by side; a row for each name at each trigger. */
import { Badge, Button, Group, Table, Text, Title } from "@mantine/core";
import { useState } from "react";
import { CellView } from "./cell";
import classes from "./inheritance.module.css";
import type { Lane, LaneGroup } from "./lanes";
import type { Scope } from "./scope";
import { Why } from "./why-popover";

const FIRST = 60;

export function LaneTable({ groups, chain }: { groups: readonly LaneGroup[]; chain: Scope[] }) {
  return (
    <Table.ScrollContainer minWidth={156 * chain.length + 90} type="native">
      <table className={classes.table} aria-label="What applies, level by level">
        <thead>
          <tr>
            <th scope="col" className={classes.place}>
              Runs
            </th>
            {chain.map(({ level, name }) => (
              <th key={level} scope="col">
                {name}
                <Text component="span" fz="xs" c="dimmed" fw={400}>
                  {level === "project" ? " project" : level === "scene_type" ? " scene type" : ""}
                </Text>
              </th>
            ))}
          </tr>
        </thead>
        {groups.map((group) => (
          <Lanes key={group.key} group={group} chain={chain} />
        ))}
      </table>
    </Table.ScrollContainer>
  );
}

function Lanes({ group, chain }: { group: LaneGroup; chain: Scope[] }) {
  const [isWhole, setWhole] = useState(false);
  const lanes = isWhole ? group.lanes : group.lanes.slice(0, FIRST);
  const running = group.lanes.filter(({ place }) => place !== undefined).length;
  return (
    <tbody>
      <tr>
        <th scope="rowgroup" colSpan={chain.length + 1} className={classes.heading}>
          <Group gap="xs" wrap="nowrap">
            <Title order={2} fz="sm" className="mono">
              {group.title}
            </Title>
            <Text component="span" fz="sm" c="dimmed">
              {group.says}
            </Text>
            <Badge variant="default" size="sm">
              {running === 1 ? "1 hook runs" : `${running} hooks run`}
            </Badge>
          </Group>
        </th>
      </tr>
      {lanes.map((lane) => (
        <Row key={lane.key} lane={lane} chain={chain} />
      ))}
      {lanes.length < group.lanes.length && (
        <tr>
          <td colSpan={chain.length + 1}>
            <Button variant="subtle" onClick={() => setWhole(true)}>
              Show all {group.lanes.length}
            </Button>
          </td>
        </tr>
      )}
    </tbody>
  );
}

function Row({ lane, chain }: { lane: Lane; chain: Scope[] }) {
  return (
    <tr>
      <td className={classes.place}>
        <Group gap={4} wrap="nowrap">
          {lane.place === undefined ? (
            <Text fz="sm" c="dimmed" w={26}>
              off
            </Text>
          ) : (
            <Text fz="sm" fw={560} className="numbers" w={26}>
              {lane.place}.
            </Text>
          )}
          <Why lane={lane} chain={chain} />
        </Group>
      </td>
      {chain.map((scope) => (
        <td key={scope.level}>
          <CellView lane={lane} scope={scope} chain={chain} />
        </td>
      ))}
    </tr>
  );
}
