/** The event types of a whole application, from one file. */
import { Button, FileButton, Group, Modal, Stack, Text } from "@mantine/core";
import { useState } from "react";
import { api } from "@/api/client";
import { outdated } from "@/api/queries";
import { JsonEditor, parseJson } from "@/parts/json-editor";
import { Notice } from "@/parts/notice";
import { ProblemAlert } from "@/parts/problem-alert";
import { counted } from "@/parts/words";

const MOST_BYTES = 8 * 1024 * 1024;

export function ImportTypes({ onClose }: { onClose: () => void }) {
  const [text, setText] = useState("");
  const [refusal, setRefusal] = useState<string>();
  const take = api.useMutation("post", "/api/v1/event-types/import", {
    onSuccess: () => outdated("/event-types"),
  });
  const written = parseJson(text);
  const choose = async (file: File | null) => {
    if (!file) return;
    if (file.size > MOST_BYTES) {
      setRefusal("The file is larger than 8 MiB.");
      return;
    }
    setRefusal(undefined);
    setText(await file.text());
  };
  return (
    <Modal opened onClose={onClose} title="Import event types" size="lg">
      <Stack>
        <Text fz="sm">
          A catalogue is a JSON file with the lists <span className="mono">business</span> and{" "}
          <span className="mono">progress</span>. It is taken as a whole or not at all; types that
          are there already are changed to what it says.
        </Text>
        <Group>
          <FileButton onChange={(file) => void choose(file)} accept="application/json,.json">
            {(props) => (
              <Button variant="default" {...props}>
                Choose a file
              </Button>
            )}
          </FileButton>
        </Group>
        <JsonEditor
          label="Catalogue"
          value={text}
          onChange={setText}
          error={refusal}
          minHeight={140}
          maxHeight={320}
        />
        <ProblemAlert error={take.error} />
        {take.data && (
          <Notice tone="good" title={`${counted(take.data.names.length, "type")} taken`}>
            {take.data.names.join(", ")}
          </Notice>
        )}
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>
            {take.data ? "Close" : "Cancel"}
          </Button>
          <Button
            loading={take.isPending}
            disabled={written.value === undefined}
            onClick={() => take.mutate({ body: written.value as Record<string, never> })}
          >
            Import
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
