import { ActionIcon, Anchor, Group, List, Popover, Text } from "@mantine/core";
import { IconHelpCircle } from "@tabler/icons-react";
import { Link } from "react-router";
import type { Lane } from "./lanes";
import { sayScope, type Scope } from "./scope";
import { whyOf } from "./why";

/** Why a hook runs, or does not. */
export function Why({ lane, chain }: { lane: Lane; chain: Scope[] }) {
  const narrowest = chain.at(-1)?.level ?? "studio";
  const question = lane.place === undefined ? "Why does it not run?" : "Why does this run?";
  const say = (level: Scope["level"]) => {
    const scope = chain.find((scope) => scope.level === level);
    return scope ? sayScope(scope) : level;
  };
  return (
    <Popover width={400} position="bottom-start" withArrow shadow="md" trapFocus returnFocus>
      <Popover.Target>
        <ActionIcon
          variant="subtle"
          color="gray"
          size={26}
          aria-label={`${question} ${lane.name}`}
          title={question}
        >
          <IconHelpCircle size={17} />
        </ActionIcon>
      </Popover.Target>
      <Popover.Dropdown>
        <Text fw={560} fz="sm" mb={6}>
          {question}
        </Text>
        <List fz="sm" spacing={6}>
          {whyOf(lane, narrowest, say).map((sentence) => (
            <List.Item key={sentence}>{sentence}</List.Item>
          ))}
        </List>
        <Group gap="sm" mt="sm">
          {lane.placed.toReversed().map(({ hook, level }) => (
            <Anchor key={hook.id} component={Link} to={`/hooks/${hook.id}`} fz="sm">
              {lane.placed.length === 1 ? "Open it" : `The one of ${say(level)}`}
            </Anchor>
          ))}
        </Group>
      </Popover.Dropdown>
    </Popover>
  );
}
