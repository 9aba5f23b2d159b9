import { Paper, Stack, Text, Title } from "@mantine/core";
import type { ReactNode } from "react";
import classes from "./section.module.css";

/** A part of the form: what it is about on the left, its fields on the right. */
export function Section({
  title,
  says,
  children,
}: {
  title: string;
  says?: ReactNode;
  children: ReactNode;
}) {
  return (
    <section className={classes.section} aria-label={title}>
      <div>
        <Title order={2}>{title}</Title>
        {says && (
          <Text component="div" c="dimmed" fz="sm" mt={4}>
            {says}
          </Text>
        )}
      </div>
      <Paper p="lg">
        <Stack gap="md">{children}</Stack>
      </Paper>
    </section>
  );
}
