import { Group, Kbd, Modal, SimpleGrid, Stack, Text, Title } from "@mantine/core";
import { PAGES } from "@/shell/pages";
import { closeDialog } from "./dialogs";

const HERE: readonly [string[], string][] = [
  [["j"], "next row"],
  [["k"], "row before"],
  [["Enter"], "open the row"],
  [["/"], "search on this page"],
  [["r"], "load again"],
  [["Ctrl", "K"], "find anything"],
  [["?"], "these keys"],
];

/** The list of keys, by `?`. */
export default function ShortcutsHelp() {
  return (
    <Modal opened onClose={closeDialog} title="Keys" size="lg">
      <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="xl">
        <Keys title="In lists and on pages" keys={HERE} />
        <Keys title="Go to" keys={PAGES.map(({ key, label }) => [["g", key], label] as const)} />
      </SimpleGrid>
    </Modal>
  );
}

function Keys({
  title,
  keys,
}: {
  title: string;
  keys: readonly (readonly [readonly string[], string])[];
}) {
  return (
    <Stack gap="xs">
      <Title order={3}>{title}</Title>
      {keys.map(([strokes, says]) => (
        <Group key={says} justify="space-between">
          <Text fz="sm">{says}</Text>
          <Group gap={4}>
            {strokes.map((stroke) => (
              <Kbd key={stroke}>{stroke}</Kbd>
            ))}
          </Group>
        </Group>
      ))}
    </Stack>
  );
}
