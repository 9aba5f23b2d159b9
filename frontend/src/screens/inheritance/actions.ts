/** What can be done about a hook from where it is inherited. */
import { client } from "@/api/client";
import { outdated } from "@/api/queries";
import type { Hook, HookDocument } from "@/parts/hook-words";
import { tellDone, tellRefused } from "@/parts/tell";
import { remember } from "@/screens/hooks/all-hooks";
import { changeHook, deleteHook, readHook, requestOf, switchHook } from "@/screens/hooks/change";
import { sayScope, type Scope } from "./scope";

/** The form of a copy with the same name, which overrides it. */
export const overridePath = (hook: HookDocument, { level, id }: Scope): string =>
  `/hooks/new?${new URLSearchParams({ copy: String(hook.id), scope_type: level, scope_id: String(id) })}`;

/** A hook of the same name that is switched off, and so switches off what comes from above. */
export async function switchOffHere(hook: HookDocument, scope: Scope): Promise<void> {
  const { data, error } = await client.POST("/api/v1/hooks", {
    body: {
      ...requestOf(hook),
      scope_type: scope.level,
      scope_id: scope.id,
      enabled: false,
      extends: false,
    },
  });
  if (!data) return tellRefused(`${hook.name} was not switched off`, error);
  remember([data]);
  outdated("/hooks/effective");
  tellDone(`${hook.name} is switched off for ${sayScope(scope)}`, {
    undo: () => takeAway(data).catch((error) => tellRefused("It was not undone", error)),
  });
}

/** Without the hook of this level, the one from above applies again. */
export async function takeAway(hook: HookDocument): Promise<void> {
  await deleteHook(hook);
  tellDone(`What is above ${hook.name} applies again`);
}

export async function setExtends(hook: HookDocument, isExtending: boolean): Promise<void> {
  await changeWhole(hook, async (whole) => {
    await changeHook(whole, { extends: isExtending });
    outdated("/hooks/effective");
    tellDone(
      isExtending
        ? `${hook.name} calls the one it overrides`
        : `${hook.name} does not call the one it overrides`,
    );
  });
}

export const switchOwn = (hook: HookDocument): Promise<void> =>
  changeWhole(hook, (whole) => switchHook(whole, !hook.enabled));

/**
 * The effective set does not say whether a hook is paused, or why it was disabled, which
 * the list of hooks shows: it is changed from what it is as a whole.
 */
async function changeWhole(hook: HookDocument, change: (whole: Hook) => Promise<void>) {
  try {
    await change(await readHook(hook.id));
  } catch (error) {
    tellRefused(`${hook.name} was not changed`, error);
  }
}
