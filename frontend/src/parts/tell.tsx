/** Short messages about what was done, with the way back where there is one. */
import { Button, Group, Text } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { problemOf } from "@/api/problem";

const WITH_UNDO_MS = 10_000;
let count = 0;

export function tellDone(says: string, options: { undo?: () => unknown } = {}) {
  const { undo } = options;
  const id = `done ${++count}`;
  notifications.show({
    id,
    color: "teal",
    autoClose: undo ? WITH_UNDO_MS : undefined,
    closeButtonProps: { "aria-label": "Close" },
    message: (
      <Group justify="space-between" wrap="nowrap" gap="sm">
        <Text fz="sm" style={{ overflowWrap: "anywhere" }}>
          {says}
        </Text>
        {undo && (
          <Button
            size="compact-sm"
            variant="default"
            onClick={() => {
              notifications.hide(id);
              void undo();
            }}
          >
            Undo
          </Button>
        )}
      </Group>
    ),
  });
}

export function tellRefused(title: string, error: unknown) {
  notifications.show({
    color: "red",
    title,
    message: problemOf(error).detail,
    autoClose: WITH_UNDO_MS,
    closeButtonProps: { "aria-label": "Close" },
  });
}
