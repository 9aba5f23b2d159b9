/** One plugin: what it is, may touch and is told; its versions; where it runs and how much. */
import { Button, Grid, Group, Menu, Paper, Select, Stack, Text } from "@mantine/core";
import { IconChevronDown, IconDownload, IconPlus } from "@tabler/icons-react";
import { useState } from "react";
import { useNavigate, useParams } from "react-router";
import { api } from "@/api/client";
import { useMay } from "@/api/session";
import { AwaitedPage } from "@/parts/awaited-page";
import { BackLink } from "@/parts/back-link";
import { useFilters } from "@/parts/filters";
import { JsonView } from "@/parts/json-view";
import { Notice } from "@/parts/notice";
import { Page } from "@/parts/page";
import { asksNothing, PluginSettingsForm, type SettingsSchema } from "@/parts/plugin-settings-form";
import { Section } from "@/parts/section";
import { Ago } from "@/parts/time";
import { AboutVersion } from "./about";
import { Capabilities } from "./capabilities";
import { Imports } from "./imports";
import { InstallPlugin } from "./install";
import { Usage } from "./usage";
import { Versions } from "./versions";
import type { PluginVersion } from "./words";
import { useUnyank, YankVersion } from "./yank";

const BACK = <BackLink to="/plugins">Plugins</BackLink>;

export function Component() {
  const { name = "", version } = useParams();
  const versions = api.useQuery("get", "/api/v1/plugins/{name}", {
    params: { path: { name }, query: { limit: 200 } },
  });
  const filters = useFilters("install");
  const mayInstall = useMay("editor");
  const all = versions.data?.items ?? [];
  const shown = version
    ? all.find((one) => one.version === version)
    : (all.find(({ yanked }) => !yanked) ?? all[0]);
  if (!shown) {
    return (
      <AwaitedPage
        what={version ? "Version" : "Plugin"}
        query={versions}
        isNone={versions.data ? true : undefined}
        before={BACK}
        gone={`Nobody published ${version ? `${name} ${version}` : name} on this server.`}
      />
    );
  }
  if (filters.values.install && mayInstall) {
    return (
      <InstallPlugin
        key={shown.version}
        plugin={shown}
        versions={all}
        onClose={() => filters.set("install", null)}
      />
    );
  }
  return <Shown plugin={shown} versions={all} onInstall={() => filters.set("install", "true")} />;
}

function Shown({
  plugin,
  versions,
  onInstall,
}: {
  plugin: PluginVersion;
  versions: readonly PluginVersion[];
  onInstall: () => void;
}) {
  const navigate = useNavigate();
  const mayInstall = useMay("editor");
  const unyank = useUnyank();
  const [isYanking, setYanking] = useState(false);
  const detail = api.useQuery("get", "/api/v1/plugins/{name}/{version}", {
    params: { path: { name: plugin.name, version: plugin.version } },
  });
  const schema = plugin.settings_schema as SettingsSchema;
  return (
    <Page
      title={plugin.name}
      before={BACK}
      subtitle={plugin.description || "It has no description."}
      actions={
        <>
          <Select
            aria-label="Version"
            w={130}
            value={plugin.version}
            data={versions.map(({ version, yanked }) => ({
              value: version,
              label: yanked ? `${version}, yanked` : version,
            }))}
            onChange={(version) => version && void navigate(`/plugins/${plugin.name}/${version}`)}
          />
          <MoreActions plugin={plugin} onYank={() => setYanking(true)} />
          {mayInstall && !plugin.yanked && (
            <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={onInstall}>
              Install as a hook
            </Button>
          )}
        </>
      }
    >
      {plugin.yanked && (
        <Notice
          tone="warn"
          title={`${plugin.version} is yanked`}
          action={
            mayInstall && (
              <Button size="xs" variant="default" onClick={() => void unyank(plugin)}>
                Offer it again
              </Button>
            )
          }
        >
          {plugin.yanked.reason && `${plugin.yanked.reason}. `}
          Hooks that run it go on; nothing new gets it. By {plugin.yanked.by},{" "}
          <Ago at={plugin.yanked.at} />.
        </Notice>
      )}
      <Grid gap="xl">
        <Grid.Col span={{ base: 12, lg: 8 }}>
          <Stack gap="xl">
            <Section
              title="What it asks for"
              says="It reaches nothing of this unless the hook that runs it grants it."
            >
              <Capabilities capabilities={plugin.capabilities} />
            </Section>
            <Section
              title="Settings"
              says={asksNothing(schema) ? undefined : "What a hook can tell it; to look at."}
            >
              {asksNothing(schema) ? (
                <PluginSettingsForm schema={schema} value={{}} readOnly />
              ) : (
                <>
                  <Paper p="lg">
                    <PluginSettingsForm key={plugin.version} schema={schema} value={{}} readOnly />
                  </Paper>
                  <details>
                    <summary>
                      <Text component="span" fz="sm">
                        As JSON Schema
                      </Text>
                    </summary>
                    <Stack mt="sm">
                      <JsonView
                        label="JSON Schema"
                        value={schema}
                        fileName={`${plugin.name}-${plugin.version}.schema.json`}
                      />
                    </Stack>
                  </details>
                </>
              )}
            </Section>
            <Usage name={plugin.name} />
            <Section
              title="Imports"
              says="What the component could call of what is around it. Most are there because its language's runtime has them."
            >
              <Paper p="xs">
                <Imports
                  imports={
                    detail.data?.import_reports ?? plugin.imports.map((name) => ({ import: name }))
                  }
                />
              </Paper>
            </Section>
          </Stack>
        </Grid.Col>
        <Grid.Col span={{ base: 12, lg: 4 }}>
          <Stack gap="lg">
            <Paper p="lg">
              <Section title={`Version ${plugin.version}`}>
                <AboutVersion plugin={plugin} usedBy={detail.data?.used_by} />
              </Section>
            </Paper>
            <Versions name={plugin.name} versions={versions} shown={plugin.version} />
          </Stack>
        </Grid.Col>
      </Grid>
      {isYanking && <YankVersion plugin={plugin} onClose={() => setYanking(false)} />}
    </Page>
  );
}

function MoreActions({ plugin, onYank }: { plugin: PluginVersion; onYank: () => void }) {
  const mayYank = useMay("editor");
  const at = `/api/v1/plugins/${plugin.name}/${plugin.version}`;
  const file = `${plugin.name}-${plugin.version}`;
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <Button variant="default" rightSection={<IconChevronDown size={14} aria-hidden />}>
          More
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item
          component="a"
          href={`${at}/component`}
          download={`${file}.wasm`}
          leftSection={<IconDownload size={16} aria-hidden />}
        >
          Download the component
        </Menu.Item>
        <Menu.Item
          component="a"
          href={`${at}/export`}
          download={`${file}.tar`}
          leftSection={<IconDownload size={16} aria-hidden />}
        >
          Export as an OCI image
        </Menu.Item>
        {mayYank && !plugin.yanked && (
          <>
            <Menu.Divider />
            <Menu.Item color="red" onClick={onYank}>
              <Group gap={6}>Yank this version</Group>
            </Menu.Item>
          </>
        )}
      </Menu.Dropdown>
    </Menu>
  );
}
