import { Button, Group, Modal, Stack, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { client } from "@/api/client";
import { detailsAt, problemOf } from "@/api/problem";
import { outdated } from "@/api/queries";
import { ProblemAlert } from "@/parts/problem-alert";
import type { Project } from "@/parts/scopes";
import { tellDone } from "@/parts/tell";

/** A new project, or a new scene type of one. */
export function NameDialog({ project, onClose }: { project?: Project; onClose: () => void }) {
  const [name, setName] = useState("");
  const create = useMutation({
    mutationFn: async (name: string) => {
      const { data, error } = project
        ? await client.POST("/api/v1/scene-types", { body: { name, project_id: project.id } })
        : await client.POST("/api/v1/projects", { body: { name } });
      if (!data) throw problemOf(error);
      return data;
    },
    onSuccess: ({ name }) => {
      outdated("/projects", "/scene-types");
      tellDone(`${name} is created`);
      onClose();
    },
  });
  const problem = create.error ? problemOf(create.error) : undefined;
  return (
    <Modal
      opened
      onClose={onClose}
      title={project ? `New scene type of ${project.name}` : "New project"}
    >
      <form
        onSubmit={(event) => {
          event.preventDefault();
          create.mutate(name.trim());
        }}
      >
        <Stack>
          <TextInput
            label="Name"
            description={
              project ? "Unique within the project." : "Unique among the projects of the studio."
            }
            placeholder={project ? "night exterior" : "Nightfall"}
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
            error={detailsAt(problem, "/name")}
            required
            data-autofocus
          />
          <ProblemAlert error={create.error} known={["/name"]} />
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" loading={create.isPending} disabled={name.trim() === ""}>
              Create
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
