/** Making a hook that runs a plugin: when, where, with which settings, grants and limits. */
import { Autocomplete, Button, Group, Stack } from "@mantine/core";
import { useMemo, useRef, useState } from "react";
import { Link, useNavigate } from "react-router";
import { client, type Schemas } from "@/api/client";
import { type Problem, problemOf } from "@/api/problem";
import { outdated } from "@/api/queries";
import { BackLink } from "@/parts/back-link";
import { Notice } from "@/parts/notice";
import { Page } from "@/parts/page";
import {
  PluginSettingsForm,
  pointedBelow,
  type SettingsSchema,
} from "@/parts/plugin-settings-form";
import { ProblemAlert } from "@/parts/problem-alert";
import { tellDone } from "@/parts/tell";
import { useUnsaved } from "@/parts/unsaved";
import { BLANK, changesOf, type Draft, withValue } from "@/screens/hooks/form/draft";
import { Failure } from "@/screens/hooks/form/failure";
import { FormProvider, showUnfit, TextField, useField, useForm } from "@/screens/hooks/form/field";
import { PluginLimits } from "@/screens/hooks/form/limits";
import { PluginGrants } from "@/screens/hooks/form/plugin-grants";
import { fits, usualRequirement } from "@/screens/hooks/form/requirement";
import { Scope } from "@/screens/hooks/form/scope";
import { Section } from "@/screens/hooks/form/section";
import { Trigger } from "@/screens/hooks/form/trigger";
import type { PluginVersion } from "./words";

type Installed = Schemas["InstalledHook"];

export function InstallPlugin({
  plugin,
  versions,
  onClose,
}: {
  plugin: PluginVersion;
  versions: readonly PluginVersion[];
  onClose: () => void;
}) {
  const navigate = useNavigate();
  const [start] = useState(() => begun(plugin, versions));
  const [draft, setDraft] = useState(start);
  const [problem, setProblem] = useState<Problem>();
  const [installed, setInstalled] = useState<Installed>();
  const [isBusy, setBusy] = useState(false);
  const [known] = useState(() => new Set<string>());
  const form = useRef<HTMLFormElement>(null);
  const context = useMemo(
    () => ({
      draft,
      set: (pointer: string, value: unknown) =>
        setDraft((draft) => withValue(draft, pointer, value)),
      change: setDraft,
      problem,
      known,
      readOnly: false,
    }),
    [draft, problem, known],
  );
  const isChanged = useMemo(() => changesOf(start, draft).length > 0, [start, draft]);
  const { question, settle } = useUnsaved(isChanged && !installed);
  const requirement = String(draft.config.version ?? "");
  const runs =
    versions.find(({ version, yanked }) => !yanked && fits(requirement, version)) ?? plugin;

  const install = async () => {
    setBusy(true);
    setProblem(undefined);
    const { data, error } = await client.POST("/api/v1/plugins/{name}/install", {
      params: { path: { name: plugin.name } },
      body: requestOf(draft),
    });
    setBusy(false);
    if (data) {
      settle();
      outdated("/hooks", "/plugins");
      tellDone(`${data.name} is installed`);
      if (data.warnings.length === 0) await navigate(`/hooks/${data.id}`);
      else setInstalled(data);
      return;
    }
    setProblem(asOfHook(problemOf(error)));
    requestAnimationFrame(() => {
      const wrong = form.current?.querySelector<HTMLElement>("[aria-invalid=true], [role=alert]");
      wrong?.scrollIntoView({ block: "center" });
      wrong?.focus();
    });
  };

  return (
    <Page
      title={`Install ${plugin.name}`}
      before={<BackLink to={`/plugins/${plugin.name}`}>{plugin.name}</BackLink>}
      subtitle="This makes a hook that runs it. Everything can be changed on the hook later."
    >
      {installed ? (
        <Notice
          tone="warn"
          title={`${installed.name} is installed. Is this as it is meant?`}
          action={
            <Button component={Link} to={`/hooks/${installed.id}`} size="xs">
              To the hook
            </Button>
          }
        >
          {installed.warnings.map((warning) => (
            <div key={warning}>{warning}</div>
          ))}
        </Notice>
      ) : (
        <FormProvider value={context}>
          <form
            ref={form}
            noValidate
            onSubmit={(event) => {
              event.preventDefault();
              if (!showUnfit(form.current)) void install();
            }}
          >
            <Stack gap="xl">
              <ProblemAlert error={problem} known={[...known, "/config/settings"]} />
              <Section
                title="The hook"
                says="Its name tells it from others of the same trigger and scope. A requirement is resolved to a version now, and stays there until the hook is saved anew."
              >
                <TextField pointer="/name" label="Name" required />
                <VersionField plugin={plugin} versions={versions} />
              </Section>
              <Trigger />
              <Scope />
              <Section title="Settings" says={`What ${plugin.name} is told in each run.`}>
                <PluginSettingsForm
                  key={runs.version}
                  schema={runs.settings_schema as SettingsSchema}
                  value={(draft.config.settings as Record<string, unknown> | undefined) ?? {}}
                  onChange={(settings) => context.set("/config/settings", settings)}
                  problems={pointedBelow(problem, "/config/settings")}
                />
              </Section>
              <PluginGrants asks={runs.capabilities} />
              <Section
                title="Limits"
                says="How much it may use. What is left empty has the value that is shown."
              >
                <PluginLimits />
              </Section>
              <Failure />
              <Group justify="flex-end" gap="xs">
                <Button variant="default" onClick={onClose}>
                  Cancel
                </Button>
                <Button type="submit" loading={isBusy}>
                  Install
                </Button>
              </Group>
            </Stack>
          </form>
        </FormProvider>
      )}
      {question}
    </Page>
  );
}

function VersionField({
  plugin,
  versions,
}: {
  plugin: PluginVersion;
  versions: readonly PluginVersion[];
}) {
  const { set } = useForm();
  const { value = "", error } = useField<string>("/config/version");
  const offered = versions.filter(({ yanked }) => !yanked).map(({ version }) => version);
  return (
    <Autocomplete
      label="Version"
      description="^1.2 takes the newest that breaks nothing; 1.2.3 takes that one alone."
      data={[...new Set([usualRequirement(plugin.version), ...offered])]}
      value={value}
      onChange={(version) => set("/config/version", version)}
      error={error}
    />
  );
}

/** What is usual for the plugin. */
function begun(plugin: PluginVersion, versions: readonly PluginVersion[]): Draft {
  const newest = versions.find(({ yanked }) => !yanked)?.version;
  const isNewest = plugin.version === newest;
  return {
    ...BLANK,
    hook_type: "wasm",
    name: plugin.name,
    description: plugin.description,
    hook_point: plugin.hook_points[0] ?? "post_segment",
    config: { version: isNewest ? usualRequirement(plugin.version) : plugin.version },
  };
}

function requestOf(draft: Draft): Schemas["InstallRequest"] {
  const { version, settings, grants, limits } = draft.config;
  return {
    name: draft.name,
    description: draft.description,
    hook_point: draft.hook_point,
    event: draft.event,
    scope_type: draft.scope_type,
    scope_id: draft.scope_id,
    failure_mode: draft.failure_mode,
    version: (version as string | undefined) || undefined,
    settings: settings as Record<string, never> | undefined,
    grants: grants as Schemas["PluginGrants"] | undefined,
    limits: limits as Schemas["Limits"] | undefined,
  };
}

const IN_CONFIG = /^\/(version|settings|grants|limits)(?=\/|$)/;

/** The fields are those of a hook, where these stand in its config. */
function asOfHook(problem: Problem): Problem {
  const errors = problem.errors?.map((error) => ({
    ...error,
    pointer: error.pointer.replace(IN_CONFIG, "/config/$1"),
  }));
  return { ...problem, errors };
}
