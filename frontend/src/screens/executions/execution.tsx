import { Button, Grid, Group, Paper, Stack, Text, Tooltip } from "@mantine/core";
import { IconChevronLeft, IconChevronRight, IconPlayerPlay } from "@tabler/icons-react";
import { Link, useNavigate, useParams } from "react-router";
import { api } from "@/api/client";
import { AwaitedPage } from "@/parts/awaited-page";
import { BackLink } from "@/parts/back-link";
import { useFilters } from "@/parts/filters";
import { Page } from "@/parts/page";
import { Section } from "@/parts/section";
import { Ago } from "@/parts/time";
import { WhyItRan, WithWhat } from "./about";
import { useNeighbours } from "./neighbours";
import { isReportTab, OutcomeSentence, ReportTabs } from "./report";
import { argumentsOf, type LogItem, triggerOf } from "./words";

/** One execution: how it ended, why it ran, and everything that is on record. */
export function Component() {
  const id = Number(useParams().id);
  const query = api.useQuery(
    "get",
    "/api/v1/hook-logs/{id}",
    { params: { path: { id } } },
    // A record never changes.
    { enabled: Number.isInteger(id), staleTime: Number.POSITIVE_INFINITY },
  );
  if (!query.data) {
    return (
      <AwaitedPage
        what="Execution"
        query={query}
        isNone={Number.isInteger(id) ? undefined : true}
        before={<BackLink to="/executions">Executions</BackLink>}
        gone="Old executions are removed after the time that the server keeps them for."
      />
    );
  }
  return <Shown key={id} log={query.data} />;
}

function Shown({ log }: { log: LogItem }) {
  const { values, set } = useFilters("tab");
  return (
    <Page
      title={log.hook.name}
      documentTitle={`${log.hook.name}, execution ${log.id}`}
      before={<BackLink to="/executions">Executions</BackLink>}
      subtitle={
        <>
          Execution {log.id} at <span className="mono">{triggerOf(log)}</span>
          {argumentsOf(log).map((said) => ` · ${said}`)} · <Ago at={log.executed_at} />
        </>
      }
      actions={<Actions log={log} />}
    >
      <OutcomeSentence log={log} />
      <Grid gap="xl">
        <Grid.Col span={{ base: 12, lg: 8 }}>
          <ReportTabs
            log={log}
            tab={isReportTab(values.tab) ? values.tab : undefined}
            onTab={(tab) => set("tab", tab)}
            order={2}
          />
        </Grid.Col>
        <Grid.Col span={{ base: 12, lg: 4 }}>
          <Paper p="lg">
            <Stack gap="xl">
              <Section title="Why it ran">
                <WhyItRan log={log} />
              </Section>
              <Section title="With what">
                <WithWhat log={log} />
              </Section>
            </Stack>
          </Paper>
        </Grid.Col>
      </Grid>
    </Page>
  );
}

function Actions({ log }: { log: LogItem }) {
  const neighbours = useNeighbours(log).data;
  return (
    <Group gap="xs">
      <Button.Group>
        <Neighbour id={neighbours?.before} says="The run of this hook before">
          <IconChevronLeft size={16} aria-hidden />
          Previous
        </Neighbour>
        <Neighbour id={neighbours?.after} says="The run of this hook after">
          Next
          <IconChevronRight size={16} aria-hidden />
        </Neighbour>
      </Button.Group>
      <Button
        component={Link}
        to={`/hooks/${log.hook.id}/test?from=${log.id}`}
        leftSection={<IconPlayerPlay size={16} aria-hidden />}
      >
        Run again in the test console
      </Button>
    </Group>
  );
}

function Neighbour({
  id,
  says,
  children,
}: {
  id: number | undefined;
  says: string;
  children: React.ReactNode;
}) {
  const navigate = useNavigate();
  return (
    <Tooltip label={says}>
      <Button
        variant="default"
        disabled={id === undefined}
        onClick={() => void navigate(`/executions/${id}`)}
      >
        <Text component="span" fz="sm" fw={560} style={{ display: "inline-flex", gap: 4 }}>
          {children}
        </Text>
      </Button>
    </Tooltip>
  );
}
