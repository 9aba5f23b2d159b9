/** A new event type, with a schema where its data is to be checked. */
import { Button, Group, Modal, Radio, Stack, Textarea, TextInput } from "@mantine/core";
import { useState } from "react";
import { api, type Schemas } from "@/api/client";
import { detailsAt, problemOf } from "@/api/problem";
import { outdated } from "@/api/queries";
import { JsonEditor, parseJson, writeJson } from "@/parts/json-editor";
import { ProblemAlert } from "@/parts/problem-alert";
import { tellDone } from "@/parts/tell";

const TEMPLATE = writeJson({
  type: "object",
  properties: {
    file: { type: "string", description: "The file that was written." },
    seconds: { type: "number", minimum: 0 },
  },
  required: ["file"],
});

const KNOWN = ["/name", "/description", "/schema", "/kind"];

export function CreateType({
  onMade,
  onClose,
}: {
  onMade: (name: string) => void;
  onClose: () => void;
}) {
  const [name, setName] = useState("");
  const [kind, setKind] = useState<Schemas["EventKind"]>("business");
  const [description, setDescription] = useState("");
  const [schema, setSchema] = useState("");
  const create = api.useMutation("post", "/api/v1/event-types", {
    onSuccess: (type) => {
      outdated("/event-types");
      tellDone(`${type.name} is in the catalogue`);
      onClose();
      onMade(type.name);
    },
  });
  const problem = create.error ? problemOf(create.error) : undefined;
  const written = parseJson(schema);
  return (
    <Modal opened onClose={onClose} title="New event type" size="lg">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          create.mutate({
            body: {
              name: name.trim(),
              kind,
              description,
              schema: written.value as Record<string, never> | undefined,
            },
          });
        }}
      >
        <Stack>
          <TextInput
            label="Name"
            description="Letters, digits, and _ . : - in between; hooks name it."
            placeholder="translation_complete"
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
            required
            data-autofocus
            error={detailsAt(problem, "/name")}
          />
          <Radio.Group
            label="Kind"
            value={kind}
            onChange={(kind) => setKind(kind as Schemas["EventKind"])}
            error={detailsAt(problem, "/kind")}
          >
            <Stack gap={6} mt={6}>
              <Radio
                value="business"
                label="Business"
                description="Kept, and delivered to the hooks that answer it."
              />
              <Radio
                value="progress"
                label="Progress"
                description="Told to those who listen now. Not kept; triggers no hook."
              />
            </Stack>
          </Radio.Group>
          <Textarea
            label="Description"
            placeholder="A file was translated."
            value={description}
            onChange={(event) => setDescription(event.currentTarget.value)}
            autosize
            error={detailsAt(problem, "/description")}
          />
          <JsonEditor
            label="JSON Schema"
            description="What the data of its events has to be. Empty: any object."
            value={schema}
            onChange={setSchema}
            minHeight={110}
            maxHeight={300}
            error={detailsAt(problem, "/schema")}
          />
          {schema === "" && (
            <Group>
              <Button size="xs" variant="default" onClick={() => setSchema(TEMPLATE)}>
                Begin with an example
              </Button>
            </Group>
          )}
          <ProblemAlert error={create.error} known={KNOWN} />
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button
              type="submit"
              loading={create.isPending}
              disabled={name.trim() === "" || written.error !== undefined}
            >
              Add it
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
