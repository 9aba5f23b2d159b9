/** Two people changed the same hook: the second sees both, and chooses. */
import { Alert, Button, Group, Loader, Modal, Stack, Table, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { api } from "@/api/client";
import type { Hook } from "@/parts/hook-words";
import { changes, isMembers, type Json } from "@/parts/merge-patch";
import { ProblemAlert } from "@/parts/problem-alert";
import { Ago } from "@/parts/time";
import { readHook } from "./change";
import classes from "./conflict.module.css";
import { changesOf, type Draft, draftOf, plain } from "./form/draft";

export function Conflict({
  base,
  mine,
  onTheirs,
  onMine,
  onClose,
}: {
  /** The version that both began with. */
  base: Hook;
  mine: Draft;
  onTheirs: (theirs: Hook) => void;
  onMine: (theirs: Hook) => void;
  onClose: () => void;
}) {
  const now = useQuery({
    queryKey: ["hook in conflict", base.id],
    queryFn: () => readHook(base.id),
    gcTime: 0,
  });
  const revisions = api.useQuery("get", "/api/v1/hooks/{id}/revisions", {
    params: { path: { id: base.id }, query: { limit: 1 } },
  });
  const theirs = now.data;
  const last = revisions.data?.items[0];
  return (
    <Modal
      opened
      onClose={onClose}
      size={960}
      title="Somebody else changed this hook, too"
      closeButtonProps={{ "aria-label": "Close" }}
    >
      <Stack>
        <ProblemAlert error={now.error} onRetry={() => void now.refetch()} />
        {now.isPending && <Loader aria-label="Loading" />}
        {theirs && (
          <>
            <Text fz="sm">
              {last && last.number === theirs.version ? (
                <>
                  <strong>{last.actor}</strong> saved version {theirs.version}{" "}
                  <Ago at={last.created_at} />.
                </>
              ) : (
                <>Version {theirs.version} was saved meanwhile.</>
              )}{" "}
              You began with version {base.version}. Nothing of yours is saved yet, and nothing is
              lost until you choose.
            </Text>
            <Differences base={draftOf(base)} theirs={draftOf(theirs)} mine={mine} />
            <Group justify="flex-end">
              <Button variant="subtle" color="gray" onClick={onClose}>
                Go on editing
              </Button>
              <Button variant="default" onClick={() => onTheirs(theirs)}>
                Take theirs
              </Button>
              <Button onClick={() => onMine(theirs)}>Save mine over it</Button>
            </Group>
          </>
        )}
      </Stack>
    </Modal>
  );
}

function Differences({ base, theirs, mine }: { base: Draft; theirs: Draft; mine: Draft }) {
  const found = changesOf(theirs, mine);
  if (found.length === 0) {
    return <Alert color="gray">Both say the same. Either choice is fine.</Alert>;
  }
  return (
    <Table.ScrollContainer minWidth={640} type="native">
      <Table aria-label="What is different" className={classes.table}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Field</Table.Th>
            <Table.Th>Before</Table.Th>
            <Table.Th>Theirs</Table.Th>
            <Table.Th>Mine</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {found.map(({ path, before: theirs, after: mine }) => {
            const was = at(plain(base), path);
            return (
              <Table.Tr key={path.join("\u0000")}>
                <Table.Th scope="row" className="mono">
                  {path.join(" › ")}
                </Table.Th>
                <Table.Td className="mono">{say(was)}</Table.Td>
                <Side value={theirs} was={was} />
                <Side value={mine} was={was} />
              </Table.Tr>
            );
          })}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}

/** What one of the two has; whether they changed it is said, not only shown. */
function Side({ value, was }: { value: Json | undefined; was: Json | undefined }) {
  const isChanged = changes(was, value).length > 0;
  return (
    <Table.Td data-changed={isChanged || undefined} className={classes.side}>
      <span className="mono">{say(value)}</span>
      <Text fz="xs" c="dimmed">
        {isChanged ? "changed" : "as before"}
      </Text>
    </Table.Td>
  );
}

function at(value: Json | undefined, path: readonly string[]): Json | undefined {
  let found = value;
  for (const key of path) found = isMembers(found) ? found[key] : undefined;
  return found;
}

const LONGEST = 300;

function say(value: Json | undefined): string {
  if (value === undefined) return "not set";
  const text = typeof value === "string" ? value || "empty" : JSON.stringify(value);
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}
