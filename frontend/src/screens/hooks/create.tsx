import { Skeleton } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearchParams } from "react-router";
import type { Schemas } from "@/api/client";
import { useMay } from "@/api/session";
import { BackLink } from "@/parts/back-link";
import { sayHookPoint } from "@/parts/hook-words";
import { NotForRole } from "@/parts/not-for-role";
import { Page } from "@/parts/page";
import { ProblemAlert } from "@/parts/problem-alert";
import { useScopes } from "@/parts/scopes";
import { tellDone } from "@/parts/tell";
import { remember } from "./all-hooks";
import { readHook } from "./change";
import { BLANK, type Draft, draftOf } from "./form/draft";
import { HookForm } from "./form/hook-form";
import { TEMPLATES } from "./templates";

const BACK = <BackLink to="/hooks">Hooks</BackLink>;

export function Component() {
  if (useMay("editor")) return <NewHook />;
  return (
    <Page title="New hook" before={BACK}>
      <NotForRole what="New hooks" needs="editor" />
    </Page>
  );
}

/**
 * The address says what the form begins with: `template`, or `copy` with the hook that
 * is copied, and `scope_type`, `scope_id`, `hook_point`, `event`, `plugin`, `script`.
 */
function NewHook() {
  const navigate = useNavigate();
  const [params] = useSearchParams();
  const scopes = useScopes();
  const copied = Number(params.get("copy")) || undefined;
  const source = useQuery({
    queryKey: ["hook to copy", copied],
    queryFn: () => readHook(copied ?? 0),
    enabled: copied !== undefined,
    // As it is now: the form begins with it once.
    gcTime: 0,
  });
  const isOverride = copied !== undefined && params.has("scope_type");
  const draft = copied && !source.data ? undefined : begin(params, source.data);
  const where = draft ? scopes.chain(draft.scope_type, draft.scope_id).at(-1) : "";
  return (
    <Page
      title={isOverride && source.data ? `Override ${source.data.name}` : "New hook"}
      subtitle={
        isOverride && source.data && draft ? (
          <>
            A copy for {where}, {draft.hook_point ? sayHookPoint(draft.hook_point) : draft.event}.
            While it has this name it takes the place of the one from above.
          </>
        ) : undefined
      }
      before={BACK}
    >
      <ProblemAlert error={source.error} onRetry={() => void source.refetch()} />
      {!draft && !source.error && <Skeleton h={480} maw={1120} />}
      {draft && (
        <HookForm
          key={params.toString()}
          initial={draft}
          onCancel={() => void navigate(-1)}
          onSaved={(saved) => {
            remember([saved]);
            tellDone(`${saved.name} is there`);
            void navigate(`/hooks/${saved.id}`, { state: { warnings: saved.warnings } });
          }}
        />
      )}
    </Page>
  );
}

function begin(params: URLSearchParams, copied: Parameters<typeof draftOf>[0] | undefined): Draft {
  const template = TEMPLATES.find(({ id }) => id === params.get("template"))?.draft;
  const draft: Draft = { ...BLANK, ...(copied ? draftOf(copied) : template) };
  if (template?.event !== undefined) delete draft.hook_point;
  const point = params.get("hook_point");
  const event = params.get("event");
  const scope = params.get("scope_type");
  if (point) Object.assign(draft, { hook_point: point, event: undefined });
  if (event) Object.assign(draft, { event, hook_point: undefined });
  if (scope) {
    draft.scope_type = scope as Schemas["ScopeType"];
    draft.scope_id = Number(params.get("scope_id")) || undefined;
    draft.enabled = true;
  } else if (copied) {
    draft.name = `${copied.name}-copy`;
  }
  const plugin = params.get("plugin");
  if (plugin) Object.assign(draft, { hook_type: "wasm", config: { plugin } });
  const script = params.get("script");
  if (script) {
    const hook_type = script.endsWith(".py") ? "python" : "shell";
    Object.assign(draft, { hook_type, config: { script_path: script } });
  }
  return draft;
}
