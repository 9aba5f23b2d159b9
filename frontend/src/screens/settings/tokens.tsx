/** API tokens: who may speak to the server, with which role. */
import { Badge, Button, Paper, Skeleton, Stack, Table, Text } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useState } from "react";
import { api, client, type Schemas } from "@/api/client";
import { problemOf } from "@/api/problem";
import { outdated } from "@/api/queries";
import { useMay, useSession } from "@/api/session";
import { Confirm } from "@/parts/confirm";
import { ToneBadge } from "@/parts/outcome";
import { ProblemAlert } from "@/parts/problem-alert";
import { Section } from "@/parts/section";
import { PAGED, ShowMore } from "@/parts/show-more";
import { tellDone } from "@/parts/tell";
import { Ago, When } from "@/parts/time";
import { CreateToken } from "./create-token";
import { NotForRole } from "@/parts/not-for-role";

type Token = Schemas["ApiToken"];

export function Tokens() {
  return useMay("admin") ? <AllTokens /> : <NotForRole what="Tokens" needs="admin" />;
}

function AllTokens() {
  const own = useSession().data?.name;
  const [makes, setMakes] = useState(false);
  const [revokes, setRevokes] = useState<Token>();
  const list = api.useInfiniteQuery(
    "get",
    "/api/v1/tokens",
    { params: { query: { limit: 100 } } },
    PAGED,
  );
  const tokens = list.data?.pages.flatMap(({ items }) => items) ?? [];
  return (
    <Section
      title="Tokens"
      says="Pipelines, scripts and people sign in with them. Each has a role, and can be revoked at any time."
      actions={
        <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={() => setMakes(true)}>
          Create a token
        </Button>
      }
    >
      <ProblemAlert error={list.error} onRetry={() => void list.refetch()} />
      {list.isPending ? (
        <Skeleton h={160} />
      ) : (
        <Paper p={0}>
          <Table.ScrollContainer minWidth={500} type="native">
            <Table aria-label="Tokens">
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>Name</Table.Th>
                  <Table.Th>Role</Table.Th>
                  <Table.Th>Last used</Table.Th>
                  <Table.Th visibleFrom="md">Created</Table.Th>
                  <Table.Th>Expires</Table.Th>
                  <Table.Th ta="right">Revoke</Table.Th>
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {tokens.map((token) => (
                  <Row
                    key={token.id}
                    token={token}
                    isOwn={token.name === own}
                    onRevoke={() => setRevokes(token)}
                  />
                ))}
              </Table.Tbody>
            </Table>
          </Table.ScrollContainer>
        </Paper>
      )}
      <ShowMore list={list} />
      {makes && <CreateToken onClose={() => setMakes(false)} />}
      {revokes && (
        <Confirm
          title={`Revoke ${revokes.name}`}
          says={
            <Stack gap="xs">
              <Text fz="sm">
                Whoever uses it is refused from now on, here at once and on other servers within
                seconds. Its sessions end. It cannot be brought back.
              </Text>
              {revokes.name === own && (
                <Text fz="sm" fw={600}>
                  You are signed in with this token: you will be signed out.
                </Text>
              )}
            </Stack>
          }
          action="Revoke it"
          onConfirm={async () => {
            const { error } = await client.DELETE("/api/v1/tokens/{id}", {
              params: { path: { id: revokes.id } },
            });
            if (error) throw problemOf(error);
            tellDone(`${revokes.name} is revoked`);
            outdated("/tokens", "/session");
          }}
          onClose={() => setRevokes(undefined)}
        />
      )}
    </Section>
  );
}

function Row({ token, isOwn, onRevoke }: { token: Token; isOwn: boolean; onRevoke: () => void }) {
  const isOver = token.expires_at ? new Date(token.expires_at).getTime() < Date.now() : false;
  return (
    <Table.Tr>
      <Table.Td>
        <Text fz="sm" fw={560} component="span">
          {token.name}
        </Text>{" "}
        {isOwn && <Badge>yours</Badge>}
      </Table.Td>
      <Table.Td>
        <ToneBadge tone={token.role === "admin" ? "warn" : "none"}>{token.role}</ToneBadge>
      </Table.Td>
      <Table.Td>{token.last_used_at ? <Ago at={token.last_used_at} /> : "never"}</Table.Td>
      <Table.Td visibleFrom="md">
        <Ago at={token.created_at} /> by {token.created_by}
      </Table.Td>
      <Table.Td>
        {token.expires_at ? (
          <>
            {isOver && <ToneBadge tone="bad">expired</ToneBadge>} <When at={token.expires_at} />
          </>
        ) : (
          "never"
        )}
      </Table.Td>
      <Table.Td ta="right">
        <Button
          size="compact-sm"
          variant="default"
          onClick={onRevoke}
          aria-label={`Revoke ${token.name}`}
        >
          Revoke
        </Button>
      </Table.Td>
    </Table.Tr>
  );
}
