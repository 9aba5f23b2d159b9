/** What a script said before: each version against the one before it, or any other. */
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
import { api } from "@/api/client";
import { useFilters } from "@/parts/filters";
import { ProblemAlert } from "@/parts/problem-alert";
import { PAGED, ShowMore } from "@/parts/show-more";
import { tellDone, tellRefused } from "@/parts/tell";
import { Ago, sayBytes } from "@/parts/time";
import { Diff } from "./diff";
import { readScript, useScriptDiff, writeScript } from "./store";

export function Versions({
  path,
  newest,
  mayEdit,
  etag,
}: {
  path: string;
  newest: number;
  mayEdit: boolean;
  etag: string;
}) {
  const { values, set, setAll } = useFilters("version", "against");
  const list = api.useInfiniteQuery(
    "get",
    "/api/v1/script-versions/{path}",
    { params: { path: { path }, query: { limit: 50 } } },
    PAGED,
  );
  const items = list.data?.pages.flatMap(({ items }) => items) ?? [];
  const to = Number(values.version) || newest;
  const from = Number(values.against) || to - 1;
  const diff = useScriptDiff(path, from, to, from >= 1 && from !== to);
  const restore = async () => {
    try {
      const { text } = await readScript(path, to);
      if (text === undefined) throw new Error("It is no text. Push it from a desk.");
      const saved = await writeScript(path, text, etag);
      setAll({ version: null, against: null });
      tellDone(`${path} says again what version ${to} said, as version ${saved.version}`);
    } catch (error) {
      tellRefused(`Version ${to} was not restored`, error);
    }
  };
  return (
    <Stack gap="lg">
      <ProblemAlert error={list.error ?? diff.error} />
      <Paper p="lg" component="section" aria-label="What changed">
        <Group justify="space-between" mb="sm">
          <Group gap="xs">
            <Text fw={560}>Version {to}</Text>
            {from >= 1 && (
              <>
                <Text fz="sm" c="dimmed">
                  against
                </Text>
                <Select
                  size="xs"
                  w={150}
                  aria-label="Against which version"
                  data={items
                    .filter(({ version }) => version !== to)
                    .map(({ version }) => ({
                      value: String(version),
                      label: `version ${version}`,
                    }))}
                  value={String(from)}
                  onChange={(value) => set("against", value)}
                />
              </>
            )}
          </Group>
          {mayEdit && to !== newest && (
            <Button size="xs" variant="default" onClick={() => void restore()}>
              Restore version {to}
            </Button>
          )}
        </Group>
        {diff.isLoading && <Skeleton h={160} />}
        {from < 1 && (
          <Text fz="sm" c="dimmed">
            This is the first version.
          </Text>
        )}
        {diff.data !== undefined && (
          <Diff text={diff.data} label={`From version ${from} to version ${to}`} />
        )}
      </Paper>
      {list.isPending && <Skeleton h={160} />}
      {items.length > 0 && (
        <Table aria-label="Versions">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Version</Table.Th>
              <Table.Th>By</Table.Th>
              <Table.Th>When</Table.Th>
              <Table.Th ta="right">Size</Table.Th>
              <Table.Th>Digest</Table.Th>
              <Table.Th>
                <VisuallyHidden>Changes</VisuallyHidden>
              </Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {items.map((item) => (
              <Table.Tr
                key={item.version}
                bg={item.version === to ? "var(--mantine-primary-color-light)" : undefined}
              >
                <Table.Td className="numbers">
                  {item.version}
                  {item.version === newest && (
                    <Text component="span" fz="sm" c="dimmed">
                      {" "}
                      (now)
                    </Text>
                  )}
                </Table.Td>
                <Table.Td>{item.created_by}</Table.Td>
                <Table.Td>
                  <Ago at={item.created_at} />
                </Table.Td>
                <Table.Td ta="right" className="numbers">
                  {sayBytes(item.size_bytes)}
                </Table.Td>
                <Table.Td className="mono">{item.digest.slice(7, 19)}</Table.Td>
                <Table.Td ta="right">
                  <Button
                    size="compact-sm"
                    variant="subtle"
                    aria-label={`Show the changes of version ${item.version}`}
                    onClick={() => setAll({ version: String(item.version), against: null })}
                  >
                    Show changes
                  </Button>
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      )}
      <ShowMore list={list} />
    </Stack>
  );
}
