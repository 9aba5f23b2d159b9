import { Anchor, Button, Group, Skeleton, Table, Text } from "@mantine/core";
import { IconCode, IconFilePlus } from "@tabler/icons-react";
import { useMemo, useState } from "react";
import { Link, useNavigate } from "react-router";
import { api } from "@/api/client";
import { useMay } from "@/api/session";
import { useListKeys } from "@/keys/list";
import { EmptyState } from "@/parts/empty-state";
import { useFilters } from "@/parts/filters";
import { Page } from "@/parts/page";
import { ProblemAlert } from "@/parts/problem-alert";
import { SearchField } from "@/parts/search-field";
import { PAGED, ShowMore } from "@/parts/show-more";
import { tellDone } from "@/parts/tell";
import { Ago, sayBytes } from "@/parts/time";
import { useAllHooks } from "@/screens/hooks/all-hooks";
import { NewScript } from "./new-script";
import { hooksByScript } from "./used-by";

export function Component() {
  const navigate = useNavigate();
  const mayEdit = useMay("editor");
  const { values, set, clear } = useFilters("prefix");
  const [isMaking, setMaking] = useState(false);
  const list = api.useInfiniteQuery(
    "get",
    "/api/v1/scripts",
    { params: { query: { limit: 100, prefix: values.prefix } } },
    PAGED,
  );
  const hooks = useAllHooks();
  const usedBy = useMemo(() => hooksByScript(hooks.data ?? []), [hooks.data]);
  const scripts = list.data?.pages.flatMap(({ items }) => items) ?? [];
  const cursor = useListKeys(
    scripts.length,
    (index) => void navigate(`/scripts/${scripts[index]?.path}`),
  );
  return (
    <Page
      title="Scripts"
      subtitle="The scripts in the store. A hook looks for its script here first, and then below the server's scripts directories."
      actions={
        mayEdit && (
          <Button leftSection={<IconFilePlus size={16} />} onClick={() => setMaking(true)}>
            New script
          </Button>
        )
      }
    >
      <ProblemAlert error={list.error} onRetry={() => void list.refetch()} />
      <SearchField
        aria-label="Search by the beginning of the path"
        placeholder="Beginning of the path"
        w={260}
        value={values.prefix}
        onChange={(value) => set("prefix", value)}
      />
      {list.isPending && <Skeleton h={280} />}
      {list.data && scripts.length === 0 && (
        <EmptyState
          title={values.prefix ? "No path begins so" : "No scripts in the store yet"}
          icon={IconCode}
          action={
            values.prefix ? (
              <Button variant="default" onClick={clear}>
                Show all
              </Button>
            ) : (
              mayEdit && <Button onClick={() => setMaking(true)}>Begin with a template</Button>
            )
          }
        >
          {values.prefix
            ? `Nothing in the store is called ${values.prefix}…`
            : "A script is written here or pushed from a desk, with stagehook script push. Each version stays."}
        </EmptyState>
      )}
      {scripts.length > 0 && (
        <Table.ScrollContainer minWidth={620} type="native">
          <Table aria-label="Scripts">
            <Table.Thead>
              <Table.Tr>
                <Table.Th>Path</Table.Th>
                <Table.Th ta="right">Version</Table.Th>
                <Table.Th ta="right">Size</Table.Th>
                <Table.Th>Pushed</Table.Th>
                <Table.Th>Used by</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {scripts.map((script, index) => (
                <Table.Tr
                  key={script.path}
                  data-row={index}
                  bg={index === cursor ? "var(--mantine-primary-color-light)" : undefined}
                >
                  <Table.Td>
                    <Anchor component={Link} to={`/scripts/${script.path}`} className="mono">
                      {script.path}
                    </Anchor>
                  </Table.Td>
                  <Table.Td ta="right" className="numbers">
                    {script.version}
                  </Table.Td>
                  <Table.Td ta="right" className="numbers">
                    {sayBytes(script.size_bytes)}
                  </Table.Td>
                  <Table.Td>
                    <Group gap={4}>
                      <Ago at={script.created_at} />
                      <Text component="span" fz="sm" c="dimmed">
                        by {script.created_by}
                      </Text>
                    </Group>
                  </Table.Td>
                  <Table.Td>{sayUse(usedBy.get(script.path)?.length)}</Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Table.ScrollContainer>
      )}
      <ShowMore list={list} />
      {isMaking && (
        <NewScript
          onClose={() => setMaking(false)}
          onMade={(path) => {
            tellDone(`${path} is in the store`);
            void navigate(`/scripts/${path}`);
          }}
        />
      )}
    </Page>
  );
}

function sayUse(count = 0) {
  if (count === 0) {
    return (
      <Text component="span" fz="sm" c="dimmed">
        no hook
      </Text>
    );
  }
  return count === 1 ? "1 hook" : `${count} hooks`;
}
