/** Changes of hooks that are made from where they are shown, each with a way back. */
import { client } from "@/api/client";
import { problemOf } from "@/api/problem";
import { outdated } from "@/api/queries";
import type { Hook, HookDocument } from "@/parts/hook-words";
import { tellDone, tellRefused } from "@/parts/tell";
import { forget, remember } from "./all-hooks";

/** The part of a hook that people give. */
export function requestOf(hook: HookDocument) {
  const { name, description, hook_type, hook_point, event, scope_type, scope_id } = hook;
  const { failure_mode, config, sort_order, enabled, extends: isExtending } = hook;
  return {
    name,
    description,
    hook_type,
    hook_point: hook_point ?? undefined,
    event: event ?? undefined,
    scope_type,
    scope_id: scope_id ?? undefined,
    failure_mode,
    config,
    sort_order,
    enabled,
    extends: isExtending,
  };
}

export async function readHook(id: number): Promise<Hook> {
  const { data, error } = await client.GET("/api/v1/hooks/{id}", { params: { path: { id } } });
  if (!data) throw problemOf(error);
  return data as Hook;
}

/** Changes some of a hook's own values, from the version that is known here. */
export async function changeHook(
  hook: Hook,
  changes: Partial<ReturnType<typeof requestOf>>,
): Promise<Hook> {
  const { data, error } = await client.PUT("/api/v1/hooks/{id}", {
    params: { path: { id: hook.id } },
    body: { ...requestOf(hook), ...changes, version: hook.version },
  });
  if (!data) throw problemOf(error);
  const saved: Hook = { ...hook, ...data };
  if (saved.enabled) saved.disabled_reason = null;
  remember([saved]);
  return saved;
}

/** Switches a hook on or off; at once on the screen, and back where the server refuses. */
export async function switchHook(hook: Hook, enabled: boolean): Promise<void> {
  remember([{ ...hook, enabled }]);
  try {
    const saved = await changeHook(hook, { enabled });
    outdated("/hooks/effective", "/overview");
    tellDone(`${hook.name} is switched ${enabled ? "on" : "off"}`, {
      undo: () => switchHook(saved, !enabled),
    });
  } catch (error) {
    remember([hook]);
    await refused(`${hook.name} was not switched`, hook.id, error);
  }
}

/** Lets the deliveries of a paused hook go on. */
export async function resumeHook(hook: Hook): Promise<void> {
  const { error } = await client.POST("/api/v1/hooks/{id}/resume", {
    params: { path: { id: hook.id } },
  });
  if (error) return refused(`${hook.name} was not resumed`, hook.id, error);
  remember([{ ...hook, paused_at: null }]);
  outdated("/hooks/{id}/deliveries", "/overview");
  tellDone(`Deliveries to ${hook.name} go on`, { undo: () => pauseHook(hook) });
}

export async function pauseHook(hook: Hook): Promise<void> {
  const { error } = await client.POST("/api/v1/hooks/{id}/pause", {
    params: { path: { id: hook.id } },
  });
  if (error) return refused(`${hook.name} was not paused`, hook.id, error);
  remember([await readHook(hook.id)]);
  outdated("/hooks/{id}/deliveries", "/overview");
  tellDone(`Deliveries to ${hook.name} wait`, { undo: () => resumeHook(hook) });
}

/** Puts the hooks of one trigger and scope into this order. */
export async function orderHooks(
  before: readonly Hook[],
  after: readonly Hook[],
  says: string,
): Promise<void> {
  remember(after.map((hook, at) => ({ ...hook, sort_order: (at + 1) * ORDER_STEP })));
  const { data, error } = await client.PUT("/api/v1/hooks/order", {
    body: { hook_ids: after.map(({ id }) => id) },
  });
  if (!data) {
    remember(before);
    return refused("The order was not changed", before[0]?.id, error);
  }
  const saved = withShown(after, data.items);
  remember(saved);
  outdated("/hooks/effective");
  tellDone(says, {
    undo: () =>
      orderHooks(saved, withShown(before, saved), "The order is again what it was before"),
  });
}

/** As the server numbers them. */
const ORDER_STEP = 10;

/** These hooks in their order, as they are now. */
function withShown(hooks: readonly Hook[], now: readonly HookDocument[]): Hook[] {
  const byId = new Map(now.map((hook) => [hook.id, hook]));
  return hooks.map((hook) => ({ ...hook, ...byId.get(hook.id) }));
}

export async function deleteHook(hook: Hook): Promise<void> {
  const { error } = await client.DELETE("/api/v1/hooks/{id}", {
    params: { path: { id: hook.id } },
  });
  if (error) throw problemOf(error);
  forget(hook.id);
  outdated("/hooks/effective", "/overview");
}

/** Says so, and shows the hook as it is; somebody else may have changed it. */
async function refused(title: string, id: number | undefined, error: unknown): Promise<void> {
  const problem = problemOf(error);
  tellRefused(title, problem);
  if (problem.status === 409 && id !== undefined) remember([await readHook(id)]);
}
