/** The server: its version, how it keeps scripts from the machine, how it fares. */
import { Group, Paper, SimpleGrid } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useSession } from "@/api/session";
import { Facts } from "@/parts/facts";
import { Notice } from "@/parts/notice";
import { ToneBadge } from "@/parts/outcome";
import { Section } from "@/parts/section";
import { sayMoment } from "@/parts/time";

type Health = { confinement?: string; memory_limit?: string; version?: string };

async function ask(path: string, signal: AbortSignal): Promise<{ ok: boolean; body: unknown }> {
  const answer = await fetch(path, { signal, cache: "no-store" });
  return { ok: answer.ok, body: await answer.json().catch(() => undefined) };
}

export function About() {
  const session = useSession().data;
  const health = useQuery({
    queryKey: ["healthz"],
    queryFn: ({ signal }) => ask("/healthz", signal),
  }).data;
  const ready = useQuery({
    queryKey: ["readyz"],
    queryFn: ({ signal }) => ask("/readyz", signal),
  }).data;
  const says = health?.body as Health | undefined;
  const confinement = says?.confinement ?? session?.server.confinement ?? "";
  return (
    <SimpleGrid cols={{ base: 1, md: 2 }} spacing="xl">
      <Section title="This server">
        <Paper p="lg">
          <Facts
            facts={[
              ["Version", session && `Stagehook ${session.server.version}`],
              [
                "Address",
                <span key="at" className="mono">
                  {window.location.origin}
                </span>,
              ],
              [
                "Health",
                <State key="health" ok={health?.ok} good="answers" bad="does not answer" />,
              ],
              [
                "Readiness",
                <State key="ready" ok={ready?.ok} good="takes work" bad="takes no work now" />,
              ],
              ["Memory limits", says?.memory_limit && `by ${says.memory_limit}`],
              [
                "API",
                <a key="api" href="/api/v1/openapi.json">
                  OpenAPI document
                </a>,
              ],
            ]}
          />
        </Paper>
      </Section>
      <Section title="You">
        <Paper p="lg">
          <Facts
            facts={[
              ["Token", session?.name],
              ["Role", session?.role],
              ["Signed in until", session && sayMoment(session.expires_at)],
            ]}
          />
        </Paper>
      </Section>
      <Section title="Confinement of scripts">
        {confinement === "bubblewrap" ? (
          <Notice tone="good" title="Scripts are confined by bubblewrap">
            Each has processes of its own, a read-only system, and neither network nor folders but
            what its hook grants.
          </Notice>
        ) : confinement === "off" ? (
          <Notice tone="bad" title="Confinement is off">
            Scripts run as the user that the server runs as, and reach what it reaches. Start it
            without <span className="mono">--sandbox off</span> to confine them.
          </Notice>
        ) : (
          <Notice tone="warn" title="Scripts cannot be confined here">
            {confinement || "Nothing is known of it yet"}. Confined hooks are refused until
            bubblewrap is installed; webhooks and plugins run all the same.
          </Notice>
        )}
      </Section>
    </SimpleGrid>
  );
}

function State({ ok, good, bad }: { ok: boolean | undefined; good: string; bad: string }) {
  return (
    <Group gap="xs">
      {ok === undefined ? "…" : <ToneBadge tone={ok ? "good" : "bad"}>{ok ? good : bad}</ToneBadge>}
    </Group>
  );
}
