/** One delivery: where it stands, what every attempt sent and got, and its event. */
import { Grid, Group, Paper, Stack } from "@mantine/core";
import { IconPlayerPause } from "@tabler/icons-react";
import { Link, useParams } from "react-router";
import { api, type Schemas } from "@/api/client";
import { useMay } from "@/api/session";
import { AwaitedPage } from "@/parts/awaited-page";
import { BackLink } from "@/parts/back-link";
import { CopyButton } from "@/parts/copy-button";
import { Facts } from "@/parts/facts";
import { JsonView } from "@/parts/json-view";
import { isKnown } from "@/parts/known";
import { Notice } from "@/parts/notice";
import { Page } from "@/parts/page";
import { ScopeBadge } from "@/parts/scope-badge";
import { Section } from "@/parts/section";
import { Ago, sayCount, sayMoment, When } from "@/parts/time";
import { sentence } from "@/parts/words";
import { Attempts } from "./attempts";
import { RetryButton } from "./retry";
import { DeliveryStateBadge, sayAttempts } from "./state";
import { WayBack } from "./way-back";

type Full = Schemas["DeliveryInFull"];

const BACK = <BackLink to="/deliveries">Deliveries</BackLink>;

export function Component() {
  const id = useParams().id ?? "";
  const query = api.useQuery("get", "/api/v1/deliveries/{id}", { params: { path: { id } } });
  if (!query.data) {
    return (
      <AwaitedPage
        what="Delivery"
        query={query}
        before={BACK}
        gone="Old deliveries are removed after the time that the server keeps them for."
      />
    );
  }
  return <Shown delivery={query.data} />;
}

function Shown({ delivery }: { delivery: Full }) {
  const mayRetry = useMay("editor");
  const { event, hook, executions } = delivery;
  return (
    <Page
      title={
        <>
          {event.event_name} to {hook.name}
        </>
      }
      documentTitle={`${event.event_name} to ${hook.name}`}
      before={BACK}
      subtitle={
        <Group gap="sm">
          <DeliveryStateBadge state={delivery.state} />
          <span>{sayAttempts(delivery.attempts)}</span>
          {delivery.state === "pending" && isKnown(delivery.next_attempt_at) && (
            <span>
              next <When at={delivery.next_attempt_at} />
            </span>
          )}
        </Group>
      }
      actions={mayRetry && <RetryButton delivery={delivery} variant="filled" />}
    >
      <HeldUpNotice hookId={hook.id} />
      <Grid gap="xl">
        <Grid.Col span={{ base: 12, lg: 8 }}>
          <Stack gap="xl">
            <Section
              title="Attempts"
              says="Each is an execution on record, with what was sent and what came back."
            >
              <Attempts executions={executions} />
            </Section>
            <Section title="The event's data">
              <JsonView label="What happened" name="data" value={event.data} />
            </Section>
          </Stack>
        </Grid.Col>
        <Grid.Col span={{ base: 12, lg: 4 }}>
          <Paper p="lg">
            <Stack gap="xl">
              <Section title="This delivery">
                <Facts
                  facts={[
                    [
                      "Event",
                      <Link key="event" to={`/events/${event.id}`} className="mono">
                        {event.event_name}
                      </Link>,
                    ],
                    ["Happened", <Ago key="at" at={event.created_at} />],
                    [
                      "Job",
                      event.job_id && <Link to={`/jobs/${event.job_id}`}>Job {event.job_id}</Link>,
                    ],
                    [
                      "Hook",
                      <Group key="hook" gap="xs">
                        <Link to={`/hooks/${hook.id}`}>{hook.name}</Link>
                        {hook.source === "studio" && <ScopeBadge scopeType="studio" />}
                      </Group>,
                    ],
                    [
                      "Last attempt",
                      delivery.last_attempt_at && <Ago at={delivery.last_attempt_at} />,
                    ],
                    [
                      "Next attempt",
                      delivery.next_attempt_at && sayMoment(delivery.next_attempt_at),
                    ],
                    ["Over", delivery.finished_at && <Ago at={delivery.finished_at} />],
                    [
                      "Order key",
                      delivery.order_key && <span className="mono">{delivery.order_key}</span>,
                    ],
                    [
                      "webhook-id",
                      <Group key="id" gap={4} wrap="nowrap">
                        <span className="mono" style={{ overflowWrap: "anywhere" }}>
                          {delivery.event_id}
                        </span>
                        <CopyButton text={() => delivery.event_id} label="Copy the webhook-id" />
                      </Group>,
                    ],
                  ]}
                />
              </Section>
              <HookFares hookId={hook.id} />
            </Stack>
          </Paper>
        </Grid.Col>
      </Grid>
    </Page>
  );
}

const useFares = (id: number) =>
  api.useQuery("get", "/api/v1/hooks/{id}/deliveries", { params: { path: { id } } });

function HookFares({ hookId }: { hookId: number }) {
  const fares = useFares(hookId).data;
  if (!fares) return null;
  const of = (state: string, count: number) =>
    count > 0 ? (
      <Link to={`/deliveries?hook_id=${hookId}&state=${state}`}>{sayCount(count)}</Link>
    ) : (
      "none"
    );
  return (
    <Section title="How the hook fares">
      <Facts
        facts={[
          ["Delivered", of("succeeded", fares.succeeded)],
          ["Given up", of("exhausted", fares.exhausted)],
          [
            "In a row",
            fares.exhausted_in_a_row > 0 &&
              `${fares.exhausted_in_a_row} given up; at ten the hook is disabled`,
          ],
          ["Waiting", of("pending", fares.pending)],
        ]}
      />
    </Section>
  );
}

function HeldUpNotice({ hookId }: { hookId: number }) {
  const fares = useFares(hookId).data;
  const hook = api.useQuery("get", "/api/v1/hooks/{id}", { params: { path: { id: hookId } } }).data;
  if (!fares || !hook || (!fares.disabled_reason && !fares.paused_at)) return null;
  return (
    <Notice
      tone="warn"
      icon={IconPlayerPause}
      title={`${hook.name} is ${fares.disabled_reason ? "disabled" : "paused"}`}
      action={
        <WayBack
          hook={{
            hook_id: hookId,
            name: hook.name,
            reason: fares.disabled_reason,
            paused_at: fares.paused_at,
          }}
          size="xs"
        />
      }
    >
      {fares.disabled_reason
        ? `${sentence(fares.disabled_reason)}. What waits for it goes on waiting until it is enabled.`
        : "Nothing is attempted until it is resumed."}
    </Notice>
  );
}
