/** Which plugin, what it is told, and what it may touch. */
import {
  Alert,
  Anchor,
  Autocomplete,
  Button,
  Group,
  Select,
  SimpleGrid,
  Text,
} from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { IconArrowUp } from "@tabler/icons-react";
import { useState } from "react";
import { Link } from "react-router";
import { api, type Schemas } from "@/api/client";
import { PluginSettingsForm, pointedBelow } from "@/parts/plugin-settings-form";
import { without } from "./draft";
import { MONO, useField, useForm } from "./field";
import { PluginLimits } from "./limits";
import { PluginGrants } from "./plugin-grants";
import { fits, partsOf, usualRequirement } from "./requirement";
import { Section } from "./section";

type Version = Schemas["PluginVersion"];

/** The version that the hook would run, and all there are. */
function useVersions(plugin: string, pinned: string | undefined) {
  const isDigest = plugin.startsWith("sha256:");
  const { name, requirement } = partsOf(plugin);
  const versions = api.useQuery(
    "get",
    "/api/v1/plugins/{name}",
    { params: { path: { name }, query: { limit: 200 } } },
    { enabled: name !== "" && !isDigest },
  );
  const all: Version[] = versions.data?.items ?? [];
  const offered = all.filter(({ yanked }) => !yanked);
  const runs =
    all.find(({ version }) => version === pinned && fits(requirement, version)) ??
    offered.find(({ version }) => fits(requirement, version));
  return { name, requirement, isDigest, all: offered, runs };
}

export function WasmConfig({ newerVersion }: { newerVersion?: string | null }) {
  const { draft, set, problem, readOnly } = useForm();
  const settings = useField<Record<string, unknown>>("/config/settings");
  const plugin = useField<string>("/config/plugin");
  const pinned = draft.config.pinned as Schemas["PinnedPlugin"] | undefined;
  const versions = useVersions(plugin.value ?? "", pinned?.version);
  return (
    <>
      <Section
        title="What it runs"
        says="A plugin of the catalogue. A requirement is resolved to a version when the hook is saved, and stays there until it is saved anew."
      >
        <PluginPicker versions={versions} />
        {pinned && (
          <Text fz="sm" c="dimmed">
            Pinned to version {pinned.version}.
          </Text>
        )}
        {newerVersion && pinned && (
          <Alert color="indigo" icon={<IconArrowUp size={18} />} title="A newer version fits">
            <Group justify="space-between">
              <Text fz="sm">
                {versions.name} {newerVersion} fits the requirement; the hook runs {pinned.version}.
              </Text>
              {!readOnly && (
                <Button
                  size="xs"
                  variant="default"
                  onClick={() => set("/config/pinned", undefined)}
                >
                  Move to {newerVersion}
                </Button>
              )}
            </Group>
          </Alert>
        )}
      </Section>
      {versions.runs && (
        <Section
          title="Settings"
          says={`What ${versions.name} ${versions.runs.version} is told in each run.`}
        >
          <PluginSettingsForm
            key={`${versions.name} ${versions.runs.version}`}
            schema={versions.runs.settings_schema}
            value={settings.value ?? {}}
            onChange={(value) => settings.set(Object.keys(value).length > 0 ? value : undefined)}
            problems={pointedBelow(problem, "/config/settings")}
            readOnly={readOnly}
          />
        </Section>
      )}
      <PluginGrants asks={versions.runs?.capabilities} />
      <Section
        title="Limits"
        says="How much it may use. What is left empty has the value that is shown."
      >
        <PluginLimits />
      </Section>
    </>
  );
}

function PluginPicker({ versions }: { versions: ReturnType<typeof useVersions> }) {
  const { draft, change, readOnly } = useForm();
  const { error } = useField<string>("/config/plugin");
  const [typed, setTyped] = useState("");
  const [search] = useDebouncedValue(typed, 150);
  const found = api.useQuery("get", "/api/v1/plugins", {
    params: { query: { search: search || undefined, limit: 50 } },
  });
  const items = found.data?.items ?? [];
  const { name, requirement, isDigest } = versions;
  const put = (plugin: string) => {
    change({ ...draft, config: { ...without(draft.config, "pinned"), plugin } });
  };
  if (isDigest) {
    return (
      <Text fz="sm">
        One component, by its digest: <span className="mono">{String(draft.config.plugin)}</span>{" "}
        {!readOnly && (
          <Anchor component="button" type="button" onClick={() => put("")}>
            Choose a plugin instead
          </Anchor>
        )}
      </Text>
    );
  }
  const names = [...new Set([...(name ? [name] : []), ...items.map((item) => item.name)])];
  const chosen = items.find((item) => item.name === name);
  return (
    <SimpleGrid cols={{ base: 1, sm: 2 }}>
      <Select
        label="Plugin"
        required
        description={
          chosen?.description ||
          (found.data && items.length === 0 && !typed ? (
            <>
              There are none yet.{" "}
              <Anchor component={Link} to="/plugins" fz="inherit">
                Upload one
              </Anchor>
            </>
          ) : (
            "Search by name, description or what it is made for."
          ))
        }
        placeholder="Choose a plugin"
        searchable
        nothingFoundMessage="No plugin fits"
        filter={({ options }) => options}
        data={names}
        value={name || null}
        onSearchChange={setTyped}
        onChange={(next) => {
          const newest = items.find((item) => item.name === next)?.version;
          if (next) put(newest ? `${next}@${usualRequirement(newest)}` : `${next}@*`);
        }}
        error={error}
        readOnly={readOnly}
      />
      <Autocomplete
        label="Version"
        description="^1.2 takes the newest that breaks nothing; 1.2.3 takes that one alone."
        placeholder="^1.0"
        data={[
          ...new Set([
            ...versions.all.slice(0, 1).map(({ version }) => usualRequirement(version)),
            ...versions.all.map(({ version }) => version),
          ]),
        ]}
        value={requirement}
        onChange={(requirement) => name && put(`${name}@${requirement}`)}
        disabled={!name}
        readOnly={readOnly}
        styles={MONO}
      />
    </SimpleGrid>
  );
}
