/** Find anything: pages, hooks, jobs, plugins. By Ctrl+K. */
import "@mantine/spotlight/styles.css";

import { useDebouncedValue } from "@mantine/hooks";
import { Spotlight, spotlight, type SpotlightActionGroupData } from "@mantine/spotlight";
import { IconBox, IconMovie, IconPlus, IconSearch, IconWebhook } from "@tabler/icons-react";
import { useEffect, useState } from "react";
import { useNavigate } from "react-router";
import { api } from "@/api/client";
import { useMay } from "@/api/session";
import { PAGES } from "@/shell/pages";
import { closeDialog } from "./dialogs";

const MOST = 6;

export default function Palette() {
  useEffect(() => spotlight.open(), []);
  const navigate = useNavigate();
  const mayEdit = useMay("editor");
  const [query, setQuery] = useState("");
  const [search] = useDebouncedValue(query.trim(), 150);
  const options = { enabled: search.length > 0 };
  const hooks = api.useQuery(
    "get",
    "/api/v1/hooks",
    { params: { query: { search, limit: MOST } } },
    options,
  );
  const plugins = api.useQuery(
    "get",
    "/api/v1/plugins",
    { params: { query: { search, limit: MOST } } },
    options,
  );
  const go = (to: string) => () => void navigate(to);
  const pages = PAGES.filter(({ label }) => label.toLowerCase().includes(search.toLowerCase()));
  const found: SpotlightActionGroupData[] = [
    {
      group: "Pages",
      actions: [
        ...pages.map(({ to, label, icon: Icon }) => ({
          id: to,
          label,
          onClick: go(to),
          leftSection: <Icon size={18} stroke={1.7} />,
        })),
        ...(mayEdit && "new hook".includes(search.toLowerCase())
          ? [
              {
                id: "new",
                label: "New hook",
                onClick: go("/hooks/new"),
                leftSection: <IconPlus size={18} />,
              },
            ]
          : []),
      ],
    },
    {
      group: "Jobs",
      actions: /^\d+$/.test(search)
        ? [
            {
              id: `job ${search}`,
              label: `Job ${search}`,
              onClick: go(`/jobs/${search}`),
              leftSection: <IconMovie size={18} stroke={1.7} />,
            },
          ]
        : [],
    },
    {
      group: "Hooks",
      actions: (search ? (hooks.data?.items ?? []) : []).map((hook) => ({
        id: `hook ${hook.id}`,
        label: hook.name,
        description: `${hook.hook_type}, ${hook.hook_point ?? hook.event}, ${hook.scope_type}`,
        onClick: go(`/hooks/${hook.id}`),
        leftSection: <IconWebhook size={18} stroke={1.7} />,
      })),
    },
    {
      group: "Plugins",
      actions: (search ? (plugins.data?.items ?? []) : []).map((plugin) => ({
        id: `plugin ${plugin.name}`,
        label: plugin.name,
        description: plugin.description,
        onClick: go(`/plugins/${plugin.name}`),
        leftSection: <IconBox size={18} stroke={1.7} />,
      })),
    },
  ].filter(({ actions }) => actions.length > 0);
  return (
    <Spotlight
      actions={found}
      query={query}
      onQueryChange={setQuery}
      filter={(_, actions) => actions}
      shortcut={null}
      onSpotlightClose={closeDialog}
      nothingFound="Nothing of that name."
      searchProps={{
        leftSection: <IconSearch size={18} />,
        placeholder: "A page, a hook, a job's number, a plugin",
        "aria-label": "Search",
      }}
      attributes={{ content: { "aria-label": "Search or go to" } }}
      scrollable
      maxHeight={420}
    />
  );
}
