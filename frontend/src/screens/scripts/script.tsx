import { ActionIcon, Anchor, Button, List, Menu, Tabs, Text } from "@mantine/core";
import { IconDots, IconTrash, IconWebhook } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { Link, useNavigate, useParams } from "react-router";
import { client } from "@/api/client";
import { problemOf } from "@/api/problem";
import { outdated } from "@/api/queries";
import { useMay } from "@/api/session";
import { AwaitedPage, isGone } from "@/parts/awaited-page";
import { BackLink } from "@/parts/back-link";
import { Confirm } from "@/parts/confirm";
import { useFilters } from "@/parts/filters";
import type { Hook } from "@/parts/hook-words";
import { Page } from "@/parts/page";
import { ScopeBadge } from "@/parts/scope-badge";
import { tellDone } from "@/parts/tell";
import { sayBytes } from "@/parts/time";
import { useAllHooks } from "@/screens/hooks/all-hooks";
import { ScriptEditor } from "./editor";
import { readScript, type Script } from "./store";
import { hooksByScript } from "./used-by";
import { Versions } from "./versions";

const TABS = [
  ["content", "Script"],
  ["versions", "Versions"],
  ["hooks", "Used by"],
] as const;

export function Component() {
  const path = useParams()["*"] ?? "";
  const script = useQuery({
    queryKey: ["get", "/api/v1/scripts/{path}", path],
    queryFn: ({ signal }) => readScript(path, undefined, signal),
  });
  const hooks = useAllHooks();
  const users = useMemo(() => hooksByScript(hooks.data ?? []).get(path) ?? [], [hooks.data, path]);
  // What a query knew stays with it when it is refused.
  if (script.data && !isGone(script.error)) {
    return <ScriptPage key={path} path={path} script={script.data} users={users} />;
  }
  return (
    <AwaitedPage
      what="Script"
      query={script}
      before={<BackLink to="/scripts">Scripts</BackLink>}
      gone={
        <>
          <span className="mono">{path}</span> was deleted from the store, or never pushed.
          {users.length > 0 &&
            " Hooks that name it run what lies below the server's scripts directories, which is not shown here."}
        </>
      }
    >
      {users.length > 0 && <Users users={users} />}
    </AwaitedPage>
  );
}

function ScriptPage({ path, script, users }: { path: string; script: Script; users: Hook[] }) {
  const navigate = useNavigate();
  const { values, set } = useFilters("tab");
  const mayEdit = useMay("editor");
  const [isDeleting, setDeleting] = useState(false);
  return (
    <Page
      title={<span className="mono">{path}</span>}
      documentTitle={path}
      before={<BackLink to="/scripts">Scripts</BackLink>}
      subtitle={`Version ${script.version}, ${sayBytes(script.size)}. What is saved here is what its hooks run from then on.`}
      actions={
        mayEdit && (
          <>
            <Button
              variant="default"
              component={Link}
              to={`/hooks/new?${new URLSearchParams({ script: path })}`}
              leftSection={<IconWebhook size={16} aria-hidden />}
            >
              New hook with it
            </Button>
            <Menu position="bottom-end" width={200}>
              <Menu.Target>
                <ActionIcon variant="default" size={36} aria-label="More">
                  <IconDots size={18} />
                </ActionIcon>
              </Menu.Target>
              <Menu.Dropdown>
                <Menu.Item
                  color="red"
                  leftSection={<IconTrash size={16} />}
                  onClick={() => setDeleting(true)}
                >
                  Delete
                </Menu.Item>
              </Menu.Dropdown>
            </Menu>
          </>
        )
      }
    >
      <Tabs
        value={values.tab ?? "content"}
        onChange={(tab) => set("tab", tab === "content" ? null : tab)}
        keepMounted={false}
      >
        <Tabs.List mb="lg">
          {TABS.map(([name, says]) => (
            <Tabs.Tab key={name} value={name}>
              {name === "hooks" ? `${says} ${users.length}` : says}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <Tabs.Panel value="content">
          <ScriptEditor path={path} script={script} readOnly={!mayEdit} />
        </Tabs.Panel>
        <Tabs.Panel value="versions">
          <Versions path={path} newest={script.version} mayEdit={mayEdit} etag={script.etag} />
        </Tabs.Panel>
        <Tabs.Panel value="hooks">
          <Users users={users} />
        </Tabs.Panel>
      </Tabs>
      {isDeleting && (
        <Confirm
          title={`Delete ${path}?`}
          says={
            users.length === 0
              ? "No hook runs it. Its versions stay, and go on when it is pushed again."
              : `${users.length === 1 ? "The hook that runs it looks" : `The ${users.length} hooks that run it look`} for it below the server's scripts directories then. Its versions stay.`
          }
          action="Delete"
          onConfirm={async () => {
            const { error } = await client.DELETE("/api/v1/scripts/{path}", {
              params: { path: { path }, header: { "If-Match": script.etag } },
            });
            if (error) throw problemOf(error);
            outdated("/scripts");
            tellDone(`${path} is deleted`);
            await navigate("/scripts");
          }}
          onClose={() => setDeleting(false)}
        />
      )}
    </Page>
  );
}

function Users({ users }: { users: Hook[] }) {
  if (users.length === 0) {
    return (
      <Text fz="sm" c="dimmed">
        No hook names it as its script. Scripts of the same folder may read it all the same.
      </Text>
    );
  }
  return (
    <List spacing="xs" listStyleType="none" aria-label="Hooks that run it">
      {users.map((hook) => (
        <List.Item key={hook.id}>
          <Anchor component={Link} to={`/hooks/${hook.id}`}>
            {hook.name}
          </Anchor>{" "}
          <Text component="span" fz="sm" c="dimmed">
            <span className="mono">{hook.hook_point ?? hook.event}</span>
          </Text>{" "}
          <ScopeBadge scopeType={hook.scope_type} scopeId={hook.scope_id} />
        </List.Item>
      ))}
    </List>
  );
}
