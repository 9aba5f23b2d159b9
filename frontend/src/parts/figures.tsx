/** Numbers that stand for themselves, side by side. */
import { Paper, SimpleGrid, Text } from "@mantine/core";
import type { ReactNode } from "react";
import { Link } from "react-router";
import classes from "./figures.module.css";

export type Figure = {
  label: string;
  value: ReactNode;
  /** Beside it, smaller. */
  note?: ReactNode;
  tone?: "bad";
  to?: string;
};

export function Figures({ figures, label }: { figures: readonly Figure[]; label: string }) {
  return (
    <Paper p={0} component="section" aria-label={label} className={classes.figures}>
      <SimpleGrid cols={{ base: 2, sm: 3, md: figures.length }} spacing={0} component="dl" m={0}>
        {figures.map(({ label, value, note, tone, to }) => (
          <div key={label} className={classes.figure}>
            <Text component="dt" fz="xs" c="dimmed">
              {label}
            </Text>
            <dd className={classes.value} data-tone={tone}>
              {to ? <Link to={to}>{value}</Link> : value}
              {note && <span className={classes.note}>{note}</span>}
            </dd>
          </div>
        ))}
      </SimpleGrid>
    </Paper>
  );
}
