import {
  ActionIcon,
  Alert,
  Button,
  Group,
  Menu,
  Skeleton,
  Stack,
  Switch,
  Tabs,
  Text,
} from "@mantine/core";
import {
  IconCopy,
  IconDots,
  IconHierarchy2,
  IconInfoCircle,
  IconPlayerPause,
  IconPlayerPlay,
  IconTrash,
} from "@tabler/icons-react";
import { lazy, type ReactNode, Suspense, useState } from "react";
import { Link, useLocation, useNavigate, useParams } from "react-router";
import { api } from "@/api/client";
import { useMay } from "@/api/session";
import { AwaitedPage, isGone } from "@/parts/awaited-page";
import { BackLink } from "@/parts/back-link";
import { Confirm } from "@/parts/confirm";
import { HookTypeMark, TrustedBadge } from "@/parts/hook-badges";
import { type Hook, sayHookPoint } from "@/parts/hook-words";
import { Page } from "@/parts/page";
import { ScopeBadge } from "@/parts/scope-badge";
import { useScopes } from "@/parts/scopes";
import { tellDone } from "@/parts/tell";
import { About } from "./about";
import { remember } from "./all-hooks";
import { deleteHook, pauseHook, switchHook } from "./change";
import { draftOf } from "./form/draft";
import { HookForm } from "./form/hook-form";
import { Revisions } from "./revisions";
import { HeldUpAlert, StateBadge } from "./state";

const TestConsole = lazy(() =>
  import("@/screens/test-console/test-console").then((module) => ({ default: module.TestConsole })),
);
const ExecutionList = lazy(() =>
  import("@/screens/executions/execution-list").then((module) => ({
    default: module.ExecutionList,
  })),
);

const TABS = [
  ["overview", "Overview"],
  ["edit", "Edit"],
  ["test", "Test"],
  ["executions", "Executions"],
  ["revisions", "Revisions"],
] as const;

export function Component() {
  const id = Number(useParams().id);
  const found = api.useQuery("get", "/api/v1/hooks/{id}", { params: { path: { id } } });
  const hook = found.data as Hook | undefined;
  // What a query knew stays with it when it is refused.
  if (hook && !isGone(found.error)) return <HookPage key={id} hook={hook} />;
  return (
    <AwaitedPage
      what="Hook"
      query={found}
      before={<BackLink to="/hooks">Hooks</BackLink>}
      gone="It was deleted, or never was. What it did is on record all the same."
      action={
        <Button component={Link} to={`/executions?hook_id=${id}`} variant="default">
          Its executions
        </Button>
      }
    />
  );
}

function HookPage({ hook }: { hook: Hook }) {
  const navigate = useNavigate();
  const { tab = "overview" } = useParams();
  const { state } = useLocation() as { state: { warnings?: string[] } | null };
  const [warnings, setWarnings] = useState(state?.warnings ?? []);
  return (
    <Page
      documentTitle={hook.name}
      title={hook.name}
      before={<BackLink to="/hooks">Hooks</BackLink>}
      subtitle={
        <>
          {hook.description && (
            <Text fz="sm" maw={760} style={{ whiteSpace: "pre-line" }}>
              {hook.description}
            </Text>
          )}
          <Group gap="sm" mt={8}>
            <StateBadge hook={hook} />
            <HookTypeMark type={hook.hook_type} />
            <span>
              <span className="mono">{hook.hook_point ?? hook.event}</span>
              {hook.hook_point ? `, ${sayHookPoint(hook.hook_point)}` : ", event"}
            </span>
            <ScopeBadge scopeType={hook.scope_type} scopeId={hook.scope_id} />
            <TrustedBadge hook={hook} />
          </Group>
        </>
      }
      actions={<Actions hook={hook} />}
    >
      <HeldUpAlert hook={hook} />
      {warnings.length > 0 && (
        <Alert
          color="orange"
          icon={<IconInfoCircle size={18} />}
          title="Saved, with a remark"
          withCloseButton
          closeButtonLabel="Close"
          onClose={() => setWarnings([])}
        >
          {warnings.join(" ")}
        </Alert>
      )}
      <Tabs
        value={tab}
        onChange={(tab) =>
          void navigate(tab === "overview" ? `/hooks/${hook.id}` : `/hooks/${hook.id}/${tab}`, {
            preventScrollReset: true,
          })
        }
        keepMounted={false}
      >
        <Tabs.List mb="lg">
          {TABS.map(([name, says]) => (
            <Tabs.Tab key={name} value={name}>
              {says}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <Panel name="overview">
          <About hook={hook} />
        </Panel>
        <Panel name="edit">
          <HookForm
            initial={draftOf(hook)}
            hook={hook}
            onSaved={(saved) => {
              remember([saved]);
              setWarnings(saved.warnings ?? []);
              tellDone(`${saved.name} is saved, version ${saved.version}`);
            }}
          />
        </Panel>
        <Panel name="test">
          <TestConsole hook={hook} />
        </Panel>
        <Panel name="executions">
          <ExecutionList hookId={hook.id} />
        </Panel>
        <Panel name="revisions">
          <Revisions hook={hook} />
        </Panel>
      </Tabs>
    </Page>
  );
}

function Panel({ name, children }: { name: string; children: ReactNode }) {
  return (
    <Tabs.Panel value={name}>
      <Suspense fallback={<Skeleton h={360} />}>{children}</Suspense>
    </Tabs.Panel>
  );
}

function Actions({ hook }: { hook: Hook }) {
  const navigate = useNavigate();
  const mayEdit = useMay("editor");
  const project = useScopes().sceneType(hook.scope_id)?.project_id;
  const [isDeleting, setDeleting] = useState(false);
  const scope =
    hook.scope_type === "project"
      ? `?project=${hook.scope_id}`
      : hook.scope_type === "scene_type"
        ? `?project=${project}&scene_type=${hook.scope_id}`
        : "";
  return (
    <>
      <Switch
        label="On"
        checked={hook.enabled}
        disabled={!mayEdit}
        onChange={(event) => void switchHook(hook, event.currentTarget.checked)}
        aria-label={`${hook.name} is on`}
      />
      <Button
        component={Link}
        to={`/hooks/${hook.id}/test`}
        variant="default"
        leftSection={<IconPlayerPlay size={16} aria-hidden />}
      >
        Test
      </Button>
      <Menu position="bottom-end" width={230}>
        <Menu.Target>
          <ActionIcon variant="default" size={36} aria-label="More">
            <IconDots size={18} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item
            component={Link}
            to={`/inheritance${scope}`}
            leftSection={<IconHierarchy2 size={16} />}
          >
            Why does it run?
          </Menu.Item>
          {mayEdit && (
            <Menu.Item
              component={Link}
              to={`/hooks/new?copy=${hook.id}`}
              leftSection={<IconCopy size={16} />}
            >
              Copy
            </Menu.Item>
          )}
          {mayEdit && hook.event && !hook.paused_at && (
            <Menu.Item
              leftSection={<IconPlayerPause size={16} />}
              onClick={() => void pauseHook(hook)}
            >
              Pause its deliveries
            </Menu.Item>
          )}
          {mayEdit && (
            <Menu.Item
              color="red"
              leftSection={<IconTrash size={16} />}
              onClick={() => setDeleting(true)}
            >
              Delete
            </Menu.Item>
          )}
        </Menu.Dropdown>
      </Menu>
      {isDeleting && (
        <Confirm
          title={`Delete ${hook.name}?`}
          says={
            <Stack gap="xs">
              <span>It runs no more, and what it overrides runs again.</span>
              <span>Its executions and revisions stay on record. Its test cases go.</span>
            </Stack>
          }
          action="Delete"
          onConfirm={async () => {
            await deleteHook(hook);
            tellDone(`${hook.name} is deleted`);
            await navigate("/hooks");
          }}
          onClose={() => setDeleting(false)}
        />
      )}
    </>
  );
}
