/** Projects and scene types by their names. */
import { useQuery } from "@tanstack/react-query";
import { client, type Schemas } from "@/api/client";
import { everyPage } from "@/api/every-page";

type ScopeType = Schemas["ScopeType"];
export type Project = Schemas["Project"];
export type SceneType = Schemas["SceneType"];

const PAGE = 200;
const MOST_PAGES = 25;

const byName = (a: { name: string }, b: { name: string }) => a.name.localeCompare(b.name);

/** Those that were not deleted, by name; found out once for each answer, whoever asks. */
const listed = new WeakMap<object, unknown[]>();
function listedOf<T extends { name: string; deleted_at?: string | null }>(
  all: T[] | undefined,
): T[] {
  if (!all) return [];
  const known = listed.get(all) as T[] | undefined;
  if (known) return known;
  const found = all.filter(({ deleted_at }) => !deleted_at).sort(byName);
  listed.set(all, found);
  return found;
}

/** By id; also found out once. */
const byIds = new WeakMap<object, Map<number, unknown>>();
function findIn<T extends { id: number }>(
  all: T[] | undefined,
  id: number | null | undefined,
): T | undefined {
  if (!all || id === undefined || id === null) return undefined;
  let ids = byIds.get(all) as Map<number, T> | undefined;
  if (!ids) {
    ids = new Map(all.map((one) => [one.id, one]));
    byIds.set(all, ids);
  }
  return ids.get(id);
}

/** The studio's projects and their scene types, in the order of their names. */
export function useScopes() {
  const projects = useQuery({
    queryKey: ["get", "/api/v1/projects", "all"],
    queryFn: async ({ signal }) =>
      (
        await everyPage<Project>(MOST_PAGES, (cursor) =>
          client.GET("/api/v1/projects", { signal, params: { query: { limit: PAGE, cursor } } }),
        )
      ).items,
  });
  const sceneTypes = useQuery({
    queryKey: ["get", "/api/v1/scene-types", "all"],
    queryFn: async ({ signal }) =>
      (
        await everyPage<SceneType>(MOST_PAGES, (cursor) =>
          client.GET("/api/v1/scene-types", { signal, params: { query: { limit: PAGE, cursor } } }),
        )
      ).items,
  });
  const project = (id?: number | null) => findIn(projects.data, id);
  const sceneType = (id?: number | null) => findIn(sceneTypes.data, id);
  /** The names from the studio down to this scope. */
  const chain = (scopeType: ScopeType, scopeId?: number | null): string[] => {
    if (scopeType === "studio") return ["studio"];
    if (scopeType === "project") return ["studio", project(scopeId)?.name ?? `project ${scopeId}`];
    const found = sceneType(scopeId);
    return [...chain("project", found?.project_id), found?.name ?? `scene type ${scopeId}`];
  };
  return {
    isPending: projects.isPending || sceneTypes.isPending,
    error: projects.error ?? sceneTypes.error,
    projects: listedOf(projects.data),
    sceneTypes: listedOf(sceneTypes.data),
    project,
    sceneType,
    chain,
  };
}
