import { Group, Paper, Text } from "@mantine/core";
import { Link } from "react-router";
import { ToneBadge } from "@/parts/outcome";
import { Section } from "@/parts/section";
import { Ago } from "@/parts/time";
import classes from "./versions.module.css";
import type { PluginVersion } from "./words";

/** All versions, the highest first. */
export function Versions({
  name,
  versions,
  shown,
}: {
  name: string;
  versions: readonly PluginVersion[];
  shown: string;
}) {
  return (
    <Section title="Versions">
      <Paper p={0} component="ul" className={classes.list}>
        {versions.map(({ version, created_at, yanked, signed_by }) => (
          <li key={version} data-shown={version === shown || undefined}>
            <Group gap="xs">
              <Link
                to={`/plugins/${name}/${version}`}
                className="numbers"
                aria-current={version === shown ? "page" : undefined}
              >
                {version}
              </Link>
              {yanked && <ToneBadge tone="warn">yanked</ToneBadge>}
              {signed_by && <ToneBadge tone="good">signed</ToneBadge>}
            </Group>
            <Text fz="xs" c="dimmed">
              <Ago at={created_at} />
            </Text>
          </li>
        ))}
      </Paper>
    </Section>
  );
}
