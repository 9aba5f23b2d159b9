import { Group, Stack, Text, Title } from "@mantine/core";
import { type ReactNode, useId } from "react";

/** A part of a page under its own heading. */
export function Section({
  title,
  says,
  actions,
  order = 2,
  children,
}: {
  title: ReactNode;
  says?: ReactNode;
  actions?: ReactNode;
  order?: 2 | 3;
  children: ReactNode;
}) {
  const id = useId();
  return (
    <Stack gap="sm" component="section" aria-labelledby={id}>
      <Group justify="space-between" align="flex-end" gap="sm">
        <div style={{ minWidth: 0 }}>
          <Title order={order} id={id}>
            {title}
          </Title>
          {says && (
            <Text fz="sm" c="dimmed" component="div">
              {says}
            </Text>
          )}
        </div>
        {actions && <Group gap="xs">{actions}</Group>}
      </Group>
      {children}
    </Stack>
  );
}
