import { Group, Stack, Text, Title } from "@mantine/core";
import { type ReactNode, useEffect } from "react";

/** A page: its title (also the window's), what can be done on it, and its content. */
export function Page({
  title,
  documentTitle,
  subtitle,
  before,
  actions,
  children,
}: {
  title: ReactNode;
  /** Where `title` is no text. */
  documentTitle?: string;
  subtitle?: ReactNode;
  /** Above the title, such as the way back. */
  before?: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
}) {
  useTitle(documentTitle ?? (typeof title === "string" ? title : "Stagehook"));
  return (
    <Stack gap="lg">
      <div>
        {before}
        <Group justify="space-between" align="flex-start" gap="md">
          <div style={{ minWidth: 0, flex: "1 1 360px" }}>
            <Title order={1}>{title}</Title>
            {subtitle && (
              <Text component="div" c="dimmed" fz="sm" mt={4}>
                {subtitle}
              </Text>
            )}
          </div>
          {actions && <Group gap="xs">{actions}</Group>}
        </Group>
      </div>
      {children}
    </Stack>
  );
}

export function useTitle(title: string) {
  useEffect(() => {
    document.title = title === "Stagehook" ? title : `${title} · Stagehook`;
  }, [title]);
}
