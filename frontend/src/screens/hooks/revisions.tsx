/** What a hook was before: each revision against the one before it, or any other. */
import {
  Button,
  Group,
  Paper,
  Select,
  Skeleton,
  Stack,
  Table,
  Text,
  VisuallyHidden,
} from "@mantine/core";
import { useState } from "react";
import { api, client } from "@/api/client";
import { problemOf } from "@/api/problem";
import { outdated } from "@/api/queries";
import { useMay } from "@/api/session";
import { ChangesView } from "@/parts/changes-view";
import { Confirm } from "@/parts/confirm";
import { useFilters } from "@/parts/filters";
import type { Hook } from "@/parts/hook-words";
import type { Json } from "@/parts/merge-patch";
import { ProblemAlert } from "@/parts/problem-alert";
import { PAGED, ShowMore } from "@/parts/show-more";
import { tellDone } from "@/parts/tell";
import { Ago } from "@/parts/time";
import { remember } from "./all-hooks";
import { requestOf } from "./change";

const PAGE = 50;

export function Revisions({ hook }: { hook: Hook }) {
  const filters = useFilters("revision", "against");
  const mayEdit = useMay("editor");
  const [restoring, setRestoring] = useState<number>();
  const list = api.useInfiniteQuery(
    "get",
    "/api/v1/hooks/{id}/revisions",
    { params: { path: { id: hook.id }, query: { limit: PAGE } } },
    PAGED,
  );
  const items = list.data?.pages.flatMap(({ items }) => items) ?? [];
  const chosen = items.find(({ number }) => String(number) === filters.values.revision) ?? items[0];
  const before = items.find(({ number }) => number < (chosen?.number ?? 0));
  const against = items.find(({ number }) => String(number) === filters.values.against) ?? before;
  const restore = async (number: number) => {
    const { data, error } = await client.POST("/api/v1/hooks/{id}/revisions/{n}/restore", {
      params: { path: { id: hook.id, n: number } },
    });
    if (!data) throw problemOf(error);
    remember([{ ...hook, ...data }]);
    outdated("/hooks/{id}/revisions", "/hooks/effective");
    filters.clear();
    tellDone(`${hook.name} is again as it was at revision ${number}`);
  };
  if (list.isPending) return <Skeleton h={320} />;
  return (
    <Stack gap="lg">
      <ProblemAlert error={list.error} onRetry={() => void list.refetch()} />
      {chosen && (
        <Paper p="lg" component="section" aria-label="What changed">
          <Group justify="space-between" mb="sm">
            <Group gap="xs">
              <Text fw={560}>Revision {chosen.number}</Text>
              {against && (
                <>
                  <Text fz="sm" c="dimmed">
                    against
                  </Text>
                  <Select
                    size="xs"
                    w={170}
                    aria-label="Against which revision"
                    data={items
                      .filter(({ number }) => number !== chosen.number)
                      .map(({ number }) => ({
                        value: String(number),
                        label: `revision ${number}`,
                      }))}
                    value={String(against.number)}
                    onChange={(value) => filters.set("against", value)}
                  />
                </>
              )}
            </Group>
            {mayEdit && chosen.number !== hook.version && (
              <Button size="xs" variant="default" onClick={() => setRestoring(chosen.number)}>
                Restore revision {chosen.number}
              </Button>
            )}
          </Group>
          <ChangesView
            before={against ? plain(against.hook) : {}}
            after={plain(chosen.hook)}
            label={`What changed in revision ${chosen.number}`}
            empty="Nothing is different."
          />
        </Paper>
      )}
      <Table aria-label="Revisions">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Revision</Table.Th>
            <Table.Th>By</Table.Th>
            <Table.Th>When</Table.Th>
            <Table.Th>
              <VisuallyHidden>Changes</VisuallyHidden>
            </Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {items.map(({ number, actor, created_at }) => (
            <Table.Tr
              key={number}
              bg={number === chosen?.number ? "var(--mantine-primary-color-light)" : undefined}
            >
              <Table.Td className="numbers">
                {number}
                {number === hook.version && (
                  <Text component="span" fz="sm" c="dimmed">
                    {" "}
                    (now)
                  </Text>
                )}
              </Table.Td>
              <Table.Td>{actor}</Table.Td>
              <Table.Td>
                <Ago at={created_at} />
              </Table.Td>
              <Table.Td ta="right">
                <Button
                  size="compact-sm"
                  variant="subtle"
                  aria-label={`Show the changes of revision ${number}`}
                  aria-current={number === chosen?.number || undefined}
                  onClick={() => filters.setAll({ revision: String(number), against: null })}
                >
                  Show changes
                </Button>
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      <ShowMore list={list} />
      {restoring !== undefined && (
        <Confirm
          title={`Restore revision ${restoring}?`}
          says={`${hook.name} becomes what it was then, as a new revision. Nothing is lost: the one that is in force now stays in this list.`}
          action="Restore"
          color="indigo"
          onConfirm={() => restore(restoring)}
          onClose={() => setRestoring(undefined)}
        />
      )}
    </Stack>
  );
}

/** What people give; not its id, its times and its version, which differ always. */
const plain = (hook: Hook): Json => JSON.parse(JSON.stringify(requestOf(hook))) as Json;
