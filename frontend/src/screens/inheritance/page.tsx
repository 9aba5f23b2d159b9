import { Alert, Button, Group, Paper, Select, Skeleton, Stack, Switch } from "@mantine/core";
import {
  IconChevronRight,
  IconFilterOff,
  IconHierarchy2,
  IconInfoCircle,
} from "@tabler/icons-react";
import { useMemo } from "react";
import { Link } from "react-router";
import { api } from "@/api/client";
import { useMay } from "@/api/session";
import { EmptyState } from "@/parts/empty-state";
import { useFilters } from "@/parts/filters";
import { Page } from "@/parts/page";
import { ProblemAlert } from "@/parts/problem-alert";
import { useScopes } from "@/parts/scopes";
import { SearchField } from "@/parts/search-field";
import classes from "./inheritance.module.css";
import { LaneTable } from "./lane-table";
import { groupsOf, isChangedBelow, type LaneGroup } from "./lanes";
import type { Scope } from "./scope";

export function Component() {
  const filters = useFilters("project", "scene_type", "search", "only");
  const { values, set, setAll } = filters;
  const scopes = useScopes();
  const mayEdit = useMay("editor");
  const project = scopes.projects.find(({ id }) => String(id) === values.project);
  const sceneTypes = scopes.sceneTypes.filter(({ project_id }) => project_id === project?.id);
  const sceneType = sceneTypes.find(({ id }) => String(id) === values.scene_type);
  const chain = useMemo<Scope[]>(
    () => [
      { level: "studio", name: "Studio" },
      ...(project ? [{ level: "project" as const, id: project.id, name: project.name }] : []),
      ...(sceneType
        ? [{ level: "scene_type" as const, id: sceneType.id, name: sceneType.name }]
        : []),
    ],
    [project, sceneType],
  );
  const narrowest = chain.at(-1);
  const isKnown = !scopes.isPending;
  const ofStudio = api.useQuery("get", "/api/v1/hooks/effective/studio", undefined, {
    enabled: isKnown && narrowest?.level === "studio",
  });
  const ofScope = api.useQuery(
    "get",
    "/api/v1/hooks/effective/{scope_type}/{scope_id}",
    {
      params: {
        path: { scope_type: narrowest?.level ?? "project", scope_id: narrowest?.id ?? 0 },
      },
    },
    { enabled: isKnown && narrowest?.id !== undefined },
  );
  const view = narrowest?.level === "studio" ? ofStudio : ofScope;
  const all = useMemo(() => (view.data ? groupsOf(view.data) : []), [view.data]);
  const groups = useMemo(
    () => only(all, values.search, values.only === "changed"),
    [all, values.search, values.only],
  );
  return (
    <Page
      title="Inheritance"
      subtitle="What a project and a scene type have from above, what they replace, and what they switch off."
    >
      <Paper p="md">
        <Group gap="xs" align="flex-end" wrap="nowrap">
          <div className={classes.studio}>
            <IconHierarchy2 size={16} aria-hidden />
            Studio
          </div>
          <IconChevronRight size={16} className={classes.arrow} aria-hidden />
          <Select
            label="Project"
            placeholder="Choose a project"
            searchable
            clearable
            className={classes.choice}
            data={scopes.projects.map(({ id, name }) => ({ value: String(id), label: name }))}
            value={project ? String(project.id) : null}
            onChange={(value) => setAll({ project: value, scene_type: null })}
            nothingFoundMessage="No project of that name"
          />
          <IconChevronRight size={16} className={classes.arrow} aria-hidden />
          <Select
            label="Scene type"
            placeholder={project ? "Choose a scene type" : "Of a project"}
            searchable
            clearable
            disabled={!project}
            className={classes.choice}
            data={sceneTypes.map(({ id, name }) => ({ value: String(id), label: name }))}
            value={sceneType ? String(sceneType.id) : null}
            onChange={(value) => set("scene_type", value)}
            nothingFoundMessage="No scene type of that name"
          />
        </Group>
      </Paper>
      <ProblemAlert
        error={scopes.error ?? view.error}
        onRetry={view.error ? () => void view.refetch() : undefined}
      />
      <Group justify="space-between">
        <SearchField
          aria-label="Search by name"
          placeholder="Name"
          w={230}
          value={values.search}
          onChange={(value) => set("search", value)}
        />
        <Switch
          label="Only what a level changes"
          checked={values.only === "changed"}
          onChange={(event) => set("only", event.currentTarget.checked ? "changed" : null)}
        />
      </Group>
      {isKnown && !project && (
        <Alert color="gray" icon={<IconInfoCircle size={18} />}>
          This is what applies to the whole studio. Choose a project to see what it has from here,
          and what it changes.
        </Alert>
      )}
      {(scopes.isPending || view.isLoading) && (
        <Stack aria-busy aria-label="Loading">
          <Skeleton h={44} />
          <Skeleton h={320} />
        </Stack>
      )}
      {view.data && groups.length > 0 && <LaneTable groups={groups} chain={chain} />}
      {view.data && all.length === 0 && (
        <EmptyState
          title="No hooks yet"
          icon={IconHierarchy2}
          action={
            mayEdit && (
              <Button component={Link} to="/hooks/new">
                New hook
              </Button>
            )
          }
        >
          A hook of the studio applies to all its projects and scene types, until one of them
          replaces it or switches it off.
        </EmptyState>
      )}
      {view.data && all.length > 0 && groups.length === 0 && (
        <EmptyState
          title="Nothing fits"
          icon={IconFilterOff}
          action={
            <Button variant="default" onClick={() => setAll({ search: null, only: null })}>
              Show everything
            </Button>
          }
        >
          {values.only === "changed" && !values.search
            ? "Everything here is as it is set above."
            : "No hook has a name like that."}
        </EmptyState>
      )}
    </Page>
  );
}

function only(groups: readonly LaneGroup[], search: string | undefined, isChanged: boolean) {
  const part = (search ?? "").toLowerCase();
  return groups
    .map((group) => ({
      ...group,
      lanes: group.lanes.filter(
        (lane) => lane.name.toLowerCase().includes(part) && (!isChanged || isChangedBelow(lane)),
      ),
    }))
    .filter(({ lanes }) => lanes.length > 0);
}
