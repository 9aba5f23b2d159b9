import { Card, SimpleGrid, Text } from "@mantine/core";
import { Link } from "react-router";
import { TYPE_ICONS } from "@/parts/hook-badges";
import { TEMPLATES } from "./templates";

/** Each opens the form with a hook that works once its blanks are filled. */
export function TemplateCards() {
  return (
    <SimpleGrid cols={{ base: 1, sm: 3 }} mt="md" ta="left">
      {TEMPLATES.map(({ id, type, title, says }) => {
        const Icon = TYPE_ICONS[type];
        return (
          <Card
            key={id}
            component={Link}
            to={`/hooks/new?template=${id}`}
            withBorder
            padding="sm"
            style={{ textDecoration: "none", color: "inherit" }}
          >
            <Icon size={20} stroke={1.6} aria-hidden />
            <Text fw={560} fz="sm" mt={6} c="var(--mantine-color-text)">
              {title}
            </Text>
            <Text fz="xs" c="dimmed" mt={2}>
              {says}
            </Text>
          </Card>
        );
      })}
    </SimpleGrid>
  );
}
