/** One screen for who is here for the first time. */
import { Button, Group, List, Modal, Stack, Text, ThemeIcon } from "@mantine/core";
import { IconActivity, IconHierarchy2, IconMovie, IconWebhook } from "@tabler/icons-react";
import { Link } from "react-router";
import { useMay } from "@/api/session";

const STEPS = [
  [
    IconWebhook,
    "Hooks",
    "are what to run: a script, a webhook, or a plugin. Each answers a stage of the pipeline, which waits for it, or an event, after the fact.",
  ],
  [
    IconHierarchy2,
    "Inheritance",
    "says where they apply. A project or a scene type overrides or switches off what the studio set, one hook at a time.",
  ],
  [
    IconActivity,
    "Executions",
    "are on record, all of them: input, output, result, and what was used against what was allowed.",
  ],
  [
    IconMovie,
    "Jobs",
    "that a hook stopped wait for your review: resume them or reject them, with a note.",
  ],
] as const;

export default function Tour({ onClose }: { onClose: () => void }) {
  const mayEdit = useMay("editor");
  return (
    <Modal opened onClose={onClose} title="Welcome to Stagehook" size="lg">
      <Stack>
        <Text>
          Your pipeline asks Stagehook at each stage which hooks apply, and whether it may go on.
        </Text>
        <List spacing="md" center={false}>
          {STEPS.map(([Icon, name, says]) => (
            <List.Item
              key={name}
              icon={
                <ThemeIcon variant="light" size="lg">
                  <Icon size={18} stroke={1.7} />
                </ThemeIcon>
              }
            >
              <Text fz="sm">
                <strong>{name}</strong> {says}
              </Text>
            </List.Item>
          ))}
        </List>
        <Text fz="sm" c="dimmed">
          Everything can be done from the keyboard: press ? for the keys, Ctrl+K to find anything.
        </Text>
        <Group justify="flex-end">
          {mayEdit && (
            <Button variant="default" component={Link} to="/hooks/new" onClick={onClose}>
              Make the first hook
            </Button>
          )}
          <Button onClick={onClose} data-autofocus>
            Look around
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
