/** Asking before what cannot be undone. */
import { Button, Group, Modal, Stack, Text } from "@mantine/core";
import { type ReactNode, useState } from "react";
import { ProblemAlert } from "./problem-alert";

export function Confirm({
  title,
  says,
  action,
  color = "red",
  onConfirm,
  onClose,
}: {
  title: string;
  says: ReactNode;
  /** What the button says. */
  action: string;
  color?: string;
  /** What it throws is shown. */
  onConfirm: () => Promise<unknown>;
  onClose: () => void;
}) {
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  return (
    <Modal opened onClose={onClose} title={title}>
      <Stack>
        <Text component="div">{says}</Text>
        <ProblemAlert error={error} />
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose} data-autofocus>
            Leave it
          </Button>
          <Button
            color={color}
            loading={isBusy}
            onClick={async () => {
              setBusy(true);
              try {
                await onConfirm();
                onClose();
              } catch (error) {
                setError(error);
                setBusy(false);
              }
            }}
          >
            {action}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
