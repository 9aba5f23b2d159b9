/** One event: what happened, and how each hook that answers it was told. */
import { Button, Grid, Group, Paper, Stack } from "@mantine/core";
import { IconRefresh, IconSend } from "@tabler/icons-react";
import { useMemo, useState } from "react";
import { Link, useNavigate, useParams } from "react-router";
import { api, type Schemas } from "@/api/client";
import { useMay } from "@/api/session";
import { AwaitedPage } from "@/parts/awaited-page";
import { BackLink } from "@/parts/back-link";
import { CopyButton } from "@/parts/copy-button";
import { EmptyState } from "@/parts/empty-state";
import { Facts } from "@/parts/facts";
import { JsonView } from "@/parts/json-view";
import { Page } from "@/parts/page";
import { Section } from "@/parts/section";
import { Ago, sayMoment } from "@/parts/time";
import { VirtualTable } from "@/parts/virtual-table";
import { counted } from "@/parts/words";
import { deliveryColumns } from "@/screens/deliveries/columns";
import { toneOfDelivery } from "@/screens/deliveries/state";
import { About } from "./on-record";
import { ReplayEvents } from "./replay";
import { sayEvent } from "./words";

const BACK = <BackLink to="/events">Events</BackLink>;

export function Component() {
  const id = useParams().id ?? "";
  const query = api.useQuery("get", "/api/v1/events/{id}", { params: { path: { id } } });
  if (!query.data) {
    return (
      <AwaitedPage
        what="Event"
        query={query}
        before={BACK}
        gone="Old events are removed after the time that the server keeps them for. What is only told live, such as progress, is never kept."
      />
    );
  }
  return <Shown event={query.data} />;
}

function Shown({ event }: { event: Schemas["EventWithDeliveries"] }) {
  const navigate = useNavigate();
  const mayRetry = useMay("editor");
  const [isReplaying, setReplaying] = useState(false);
  const columns = useMemo(() => deliveryColumns(mayRetry, "event"), [mayRetry]);
  const { deliveries } = event;
  return (
    <Page
      title={event.event_name}
      before={BACK}
      subtitle={sayEvent(event.event_name, event.data)}
      actions={
        <>
          <Button
            component={Link}
            to={`/events?${new URLSearchParams({ event: event.event_name })}`}
            variant="default"
          >
            Others of this type
          </Button>
          {mayRetry && (
            <Button
              variant="default"
              leftSection={<IconRefresh size={16} aria-hidden />}
              onClick={() => setReplaying(true)}
            >
              Replay this event
            </Button>
          )}
        </>
      }
    >
      <Grid gap="xl">
        <Grid.Col span={{ base: 12, lg: 8 }}>
          <Stack gap="xl">
            <Section
              title="Deliveries"
              says={
                deliveries.length > 0
                  ? `${counted(deliveries.length, "hook")} ${deliveries.length === 1 ? "answers" : "answer"} this event.`
                  : undefined
              }
            >
              {deliveries.length > 0 ? (
                <VirtualTable
                  label="Deliveries"
                  columns={columns}
                  rows={deliveries}
                  rowKey={({ id }) => id}
                  toneOf={toneOfDelivery}
                  onOpen={({ id }) => void navigate(`/deliveries/${id}`)}
                />
              ) : (
                <Paper>
                  <EmptyState
                    title="No hook answers it"
                    icon={IconSend}
                    action={
                      mayRetry && (
                        <Button
                          component={Link}
                          to={`/hooks/new?event=${encodeURIComponent(event.event_name)}`}
                          variant="default"
                        >
                          Make a hook that does
                        </Button>
                      )
                    }
                  >
                    A hook that is made now answers later events. A replay gives it this one too.
                  </EmptyState>
                </Paper>
              )}
            </Section>
            <Section title="Data">
              <JsonView label="What happened" name="data" value={event.data} />
            </Section>
          </Stack>
        </Grid.Col>
        <Grid.Col span={{ base: 12, lg: 4 }}>
          <Paper p="lg">
            <Section title="This event">
              <Facts
                facts={[
                  ["Happened", <Ago key="at" at={event.created_at} />],
                  ["Exactly", sayMoment(event.created_at)],
                  ["About", <About key="about" event={event} />],
                  [
                    "Id",
                    <Group key="id" gap={4} wrap="nowrap">
                      <span className="mono" style={{ overflowWrap: "anywhere" }}>
                        {event.id}
                      </span>
                      <CopyButton text={() => event.id} label="Copy the id" />
                    </Group>,
                  ],
                ]}
              />
            </Section>
          </Paper>
        </Grid.Col>
      </Grid>
      {isReplaying && <ReplayEvents one={event} onClose={() => setReplaying(false)} />}
    </Page>
  );
}
