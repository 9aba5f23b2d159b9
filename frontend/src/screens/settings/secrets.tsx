/** Secrets by their names: which hooks name them, and when they were set. Never a value. */
import { Button, Group, Paper, Skeleton, Table, Text } from "@mantine/core";
import { IconLockPassword, IconPlus } from "@tabler/icons-react";
import { useState } from "react";
import { Link } from "react-router";
import { api, client, type Schemas } from "@/api/client";
import { problemOf } from "@/api/problem";
import { outdated } from "@/api/queries";
import { useMay } from "@/api/session";
import { Confirm } from "@/parts/confirm";
import { EmptyState } from "@/parts/empty-state";
import { ProblemAlert } from "@/parts/problem-alert";
import { Section } from "@/parts/section";
import { PAGED, ShowMore } from "@/parts/show-more";
import { tellDone } from "@/parts/tell";
import { Ago, When } from "@/parts/time";
import { counted } from "@/parts/words";
import { NotForRole } from "@/parts/not-for-role";
import { SetSecret } from "./set-secret";

type Secret = Schemas["ShownSecret"];

const MOST_SHOWN = 3;

export function Secrets() {
  return useMay("editor") ? <AllSecrets /> : <NotForRole what="Secrets" needs="editor" />;
}

function AllSecrets() {
  const maySet = useMay("admin");
  const [sets, setSets] = useState<Secret | "new">();
  const [deletes, setDeletes] = useState<Secret>();
  const list = api.useInfiniteQuery(
    "get",
    "/api/v1/secrets",
    { params: { query: { limit: 100 } } },
    PAGED,
  );
  const secrets = list.data?.pages.flatMap(({ items }) => items) ?? [];
  return (
    <Section
      title="Secrets"
      says={
        maySet
          ? "Hooks name them; their values never leave the server. Those of the server's environment are not listed here."
          : "Hooks name them; their values never leave the server. An admin sets them."
      }
      actions={
        maySet && (
          <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={() => setSets("new")}>
            Set a secret
          </Button>
        )
      }
    >
      <ProblemAlert error={list.error} onRetry={() => void list.refetch()} />
      {list.isPending ? (
        <Skeleton h={160} />
      ) : secrets.length === 0 ? (
        !list.error && (
          <EmptyState
            title="No secret is stored"
            icon={IconLockPassword}
            action={maySet && <Button onClick={() => setSets("new")}>Set the first one</Button>}
          >
            A webhook signs with a secret, and authenticates with one; plugins may be granted some.
          </EmptyState>
        )
      ) : (
        <Paper p={0}>
          <Table.ScrollContainer minWidth={500} type="native">
            <Table aria-label="Secrets">
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>Name</Table.Th>
                  <Table.Th>Named by</Table.Th>
                  <Table.Th>Set</Table.Th>
                  {maySet && <Table.Th ta="right">Change</Table.Th>}
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {secrets.map((secret) => (
                  <Row
                    key={secret.name}
                    secret={secret}
                    onSet={maySet ? () => setSets(secret) : undefined}
                    onDelete={() => setDeletes(secret)}
                  />
                ))}
              </Table.Tbody>
            </Table>
          </Table.ScrollContainer>
        </Paper>
      )}
      <ShowMore list={list} />
      {sets && (
        <SetSecret secret={sets === "new" ? undefined : sets} onClose={() => setSets(undefined)} />
      )}
      {deletes && <DeleteSecret secret={deletes} onClose={() => setDeletes(undefined)} />}
    </Section>
  );
}

function Row({
  secret,
  onSet,
  onDelete,
}: {
  secret: Secret;
  onSet?: () => void;
  onDelete: () => void;
}) {
  const users = secret.used_by;
  return (
    <Table.Tr>
      <Table.Td>
        <Text fz="sm" className="mono">
          {secret.name}
        </Text>
        {secret.problem && (
          <Text fz="xs" c="var(--outcome-bad)">
            {secret.problem}
          </Text>
        )}
      </Table.Td>
      <Table.Td>
        {users.length === 0 ? (
          <Text fz="sm" c="dimmed">
            no hook
          </Text>
        ) : (
          <Group gap={6}>
            {users.slice(0, MOST_SHOWN).map(({ hook_id, hook_name }) => (
              <Link key={hook_id} to={`/hooks/${hook_id}`}>
                {hook_name}
              </Link>
            ))}
            {users.length > MOST_SHOWN && `and ${users.length - MOST_SHOWN} others`}
          </Group>
        )}
      </Table.Td>
      <Table.Td>
        <Ago at={secret.updated_at} /> by {secret.updated_by}
        {secret.previous_until && (
          <Text fz="xs" c="dimmed">
            the value before signs until <When at={secret.previous_until} />
          </Text>
        )}
      </Table.Td>
      {onSet && (
        <Table.Td ta="right">
          <Group gap={6} justify="flex-end" wrap="nowrap">
            <Button
              size="compact-sm"
              variant="default"
              onClick={onSet}
              aria-label={`Replace ${secret.name}`}
            >
              Replace
            </Button>
            <Button
              size="compact-sm"
              variant="default"
              onClick={onDelete}
              aria-label={`Delete ${secret.name}`}
            >
              Delete
            </Button>
          </Group>
        </Table.Td>
      )}
    </Table.Tr>
  );
}

function DeleteSecret({ secret, onClose }: { secret: Secret; onClose: () => void }) {
  const users = secret.used_by;
  return (
    <Confirm
      title={`Delete ${secret.name}`}
      says={
        users.length === 0
          ? "No hook names it. Its value is erased, and cannot be brought back."
          : `${counted(users.length, "hook")} ${users.length === 1 ? "names" : "name"} it: ${users.map(({ hook_name }) => hook_name).join(", ")}. From then on they fail, and say that it is missing. Its value is erased.`
      }
      action={users.length === 0 ? "Delete it" : "Delete it all the same"}
      onConfirm={async () => {
        const { error } = await client.DELETE("/api/v1/secrets/{name}", {
          params: { path: { name: secret.name }, query: { force: users.length > 0 || undefined } },
        });
        if (error) throw problemOf(error);
        outdated("/secrets");
        tellDone(`${secret.name} is deleted`);
      }}
      onClose={onClose}
    />
  );
}
