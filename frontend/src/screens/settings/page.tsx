/** What is set for the whole studio, one tab each. */
import { Tabs } from "@mantine/core";
import {
  IconFolders,
  IconHistory,
  IconInfoCircle,
  IconKey,
  IconLockPassword,
  type TablerIcon,
} from "@tabler/icons-react";
import type { ComponentType } from "react";
import { useNavigate, useParams } from "react-router";
import { Page } from "@/parts/page";
import { About } from "./about";
import { AuditTrail } from "./audit";
import { Projects } from "./projects";
import { Secrets } from "./secrets";
import { Tokens } from "./tokens";

const TABS: readonly { name: string; label: string; icon: TablerIcon; shows: ComponentType }[] = [
  { name: "projects", label: "Projects", icon: IconFolders, shows: Projects },
  { name: "tokens", label: "Tokens", icon: IconKey, shows: Tokens },
  { name: "secrets", label: "Secrets", icon: IconLockPassword, shows: Secrets },
  { name: "audit", label: "Audit trail", icon: IconHistory, shows: AuditTrail },
  { name: "about", label: "About", icon: IconInfoCircle, shows: About },
];

export function Component() {
  const navigate = useNavigate();
  const asked = useParams().tab;
  const tab = TABS.find(({ name }) => name === asked) ?? TABS[0]!;
  return (
    <Page title="Settings" documentTitle={`${tab.label}, settings`}>
      <Tabs
        value={tab.name}
        onChange={(name) => void navigate(`/settings/${name}`)}
        keepMounted={false}
      >
        <Tabs.List aria-label="Settings">
          {TABS.map(({ name, label, icon: Icon }) => (
            <Tabs.Tab
              key={name}
              value={name}
              leftSection={<Icon size={16} stroke={1.7} aria-hidden />}
            >
              {label}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        {TABS.map(({ name, shows: Shows }) => (
          <Tabs.Panel key={name} value={name} pt="xl">
            <Shows />
          </Tabs.Panel>
        ))}
      </Tabs>
    </Page>
  );
}
