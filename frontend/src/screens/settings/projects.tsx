/** Projects and their scene types: the levels below the studio. */
import { Button, Group, Paper, Skeleton, Stack, Text, Title } from "@mantine/core";
import { IconFolder, IconFolders, IconMovie, IconPlus, IconTrash } from "@tabler/icons-react";
import { useState } from "react";
import { Link } from "react-router";
import { client } from "@/api/client";
import { problemOf } from "@/api/problem";
import { outdated } from "@/api/queries";
import { useMay } from "@/api/session";
import { Confirm } from "@/parts/confirm";
import { EmptyState } from "@/parts/empty-state";
import { ProblemAlert } from "@/parts/problem-alert";
import { type Project, type SceneType, useScopes } from "@/parts/scopes";
import { Section } from "@/parts/section";
import { tellDone } from "@/parts/tell";
import { Ago } from "@/parts/time";
import { NameDialog } from "./name-dialog";
import classes from "./projects.module.css";

type Deleting = { project: Project } | { sceneType: SceneType };

export function Projects() {
  const mayChange = useMay("pipeline");
  const scopes = useScopes();
  const [makes, setMakes] = useState<{ project?: Project }>();
  const [deletes, setDeletes] = useState<Deleting>();
  return (
    <Section
      title="Projects and scene types"
      says="The levels below the studio. Each inherits its hooks from the one above, and may override them."
      actions={
        mayChange && (
          <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={() => setMakes({})}>
            Create a project
          </Button>
        )
      }
    >
      <ProblemAlert error={scopes.error} />
      {scopes.isPending ? (
        <Skeleton h={200} />
      ) : scopes.projects.length === 0 ? (
        !scopes.error && (
          <EmptyState
            title="No project yet"
            icon={IconFolders}
            action={mayChange && <Button onClick={() => setMakes({})}>Create the first one</Button>}
          >
            Jobs belong to a project. Its hooks replace those of the studio that have the same name.
          </EmptyState>
        )
      ) : (
        <Stack gap="md">
          {scopes.projects.map((project) => (
            <Paper key={project.id} p={0} className={classes.project}>
              <div className={classes.head}>
                <Group gap="sm" wrap="nowrap" miw={0}>
                  <IconFolder size={18} stroke={1.7} aria-hidden />
                  <Title order={3}>{project.name}</Title>
                  <Text fz="xs" c="dimmed" className="numbers">
                    project {project.id}, created <Ago at={project.created_at} />
                  </Text>
                </Group>
                <Group gap="xs" wrap="nowrap">
                  <Button
                    size="xs"
                    variant="subtle"
                    component={Link}
                    to={`/inheritance?project=${project.id}`}
                  >
                    Hooks
                  </Button>
                  {mayChange && (
                    <>
                      <Button
                        size="xs"
                        variant="default"
                        onClick={() => setMakes({ project })}
                        aria-label={`Add a scene type to ${project.name}`}
                      >
                        Add a scene type
                      </Button>
                      <Delete
                        label={`Delete ${project.name}`}
                        onClick={() => setDeletes({ project })}
                      />
                    </>
                  )}
                </Group>
              </div>
              <SceneTypes
                sceneTypes={scopes.sceneTypes.filter(({ project_id }) => project_id === project.id)}
                onDelete={mayChange ? (sceneType) => setDeletes({ sceneType }) : undefined}
              />
            </Paper>
          ))}
        </Stack>
      )}
      {makes && <NameDialog project={makes.project} onClose={() => setMakes(undefined)} />}
      {deletes && <DeleteScope deleting={deletes} onClose={() => setDeletes(undefined)} />}
    </Section>
  );
}

function SceneTypes({
  sceneTypes,
  onDelete,
}: {
  sceneTypes: readonly SceneType[];
  onDelete?: (sceneType: SceneType) => void;
}) {
  if (sceneTypes.length === 0) {
    return (
      <Text fz="sm" c="dimmed" className={classes.none}>
        No scene type.
      </Text>
    );
  }
  return (
    <ul className={classes.list}>
      {sceneTypes.map((sceneType) => (
        <li key={sceneType.id}>
          <Group gap="sm" wrap="nowrap" miw={0}>
            <IconMovie size={16} stroke={1.7} aria-hidden />
            <Text fz="sm">{sceneType.name}</Text>
            <Text fz="xs" c="dimmed" className="numbers">
              scene type {sceneType.id}
            </Text>
          </Group>
          {onDelete && (
            <Delete label={`Delete ${sceneType.name}`} onClick={() => onDelete(sceneType)} />
          )}
        </li>
      ))}
    </ul>
  );
}

function Delete({ label, onClick }: { label: string; onClick: () => void }) {
  return (
    <Button size="xs" variant="subtle" color="gray" px={8} onClick={onClick} aria-label={label}>
      <IconTrash size={16} stroke={1.7} aria-hidden />
    </Button>
  );
}

function DeleteScope({ deleting, onClose }: { deleting: Deleting; onClose: () => void }) {
  const isProject = "project" in deleting;
  const { id, name } = isProject ? deleting.project : deleting.sceneType;
  const what = isProject ? "project" : "scene type";
  return (
    <Confirm
      title={`Delete ${name}`}
      says={`No job can be created in this ${what} any more${isProject ? ", nor in its scene types" : ""}. Its jobs and their executions stay on record. It cannot be brought back.`}
      action={`Delete the ${what}`}
      onConfirm={async () => {
        const params = { params: { path: { id } } };
        const { error } = isProject
          ? await client.DELETE("/api/v1/projects/{id}", params)
          : await client.DELETE("/api/v1/scene-types/{id}", params);
        if (error) throw problemOf(error);
        outdated("/projects", "/scene-types", "/hooks");
        tellDone(`${name} is deleted`);
      }}
      onClose={onClose}
    />
  );
}
