/** What waits for a person: halted jobs, hooks that are held up, deliveries that were given up. */
import { Anchor, Button, Group, Paper, SimpleGrid, Stack, Text, Title } from "@mantine/core";
import {
  IconCircleCheck,
  IconMovie,
  IconSend,
  IconWebhook,
  type TablerIcon,
} from "@tabler/icons-react";
import type { ReactNode } from "react";
import { Link } from "react-router";
import type { Schemas } from "@/api/client";
import { useMay } from "@/api/session";
import { useScopes } from "@/parts/scopes";
import { Section } from "@/parts/section";
import { Ago, sayCount } from "@/parts/time";
import { RetryButton } from "@/screens/deliveries/retry";
import { type HeldUp, WayBack } from "@/screens/deliveries/way-back";
import classes from "./attention.module.css";

type Waiting = Schemas["OverviewShown"]["attention"];

export function Attention({
  attention,
  window,
}: {
  attention: Waiting;
  window: { hours: number; says: string };
}) {
  const { jobs_to_review: jobs, paused_hooks: hooks, exhausted_deliveries: deliveries } = attention;
  if (jobs.count + hooks.count + deliveries.count === 0) {
    return (
      <Paper className={classes.nothing} component="section" aria-label="Needs you">
        <IconCircleCheck size={22} stroke={1.7} aria-hidden />
        <div>
          <Text fw={560}>Nothing needs you</Text>
          <Text fz="sm" c="dimmed">
            No job waits for a review, no hook is held up, no delivery was given up in {window.says}
            .
          </Text>
        </div>
      </Paper>
    );
  }
  return (
    <Section title="Needs you">
      <SimpleGrid
        className={classes.grid}
        cols={{ base: 1, lg: jobs.count > 0 && hooks.count + deliveries.count > 0 ? 2 : 1 }}
      >
        {jobs.count > 0 && (
          <Kind
            icon={IconMovie}
            title="Jobs to review"
            count={jobs.count}
            all="/jobs?needs_review=true"
          >
            {jobs.items.map((job) => (
              <JobToReview key={job.id} job={job} />
            ))}
          </Kind>
        )}
        {hooks.count + deliveries.count > 0 && (
          <Stack gap="md">
            {hooks.count > 0 && (
              <Kind
                icon={IconWebhook}
                title="Hooks held up"
                count={hooks.count}
                all="/hooks?paused=true"
              >
                {hooks.items.map((hook) => (
                  <HeldUpHook key={hook.hook_id} hook={hook} />
                ))}
              </Kind>
            )}
            {deliveries.count > 0 && (
              <Kind
                icon={IconSend}
                title="Deliveries given up"
                count={deliveries.count}
                all="/deliveries?state=exhausted"
              >
                {deliveries.items.slice(0, MOST_DELIVERIES).map((delivery) => (
                  <GivenUp key={delivery.id} delivery={delivery} />
                ))}
              </Kind>
            )}
          </Stack>
        )}
      </SimpleGrid>
    </Section>
  );
}

const MOST_DELIVERIES = 4;

function Kind({
  icon: Icon,
  title,
  count,
  all,
  children,
}: {
  icon: TablerIcon;
  title: string;
  count: number;
  all: string;
  children: ReactNode;
}) {
  return (
    <Paper p={0} className={classes.kind}>
      <Group className={classes.head} justify="space-between" wrap="nowrap">
        <Group gap={8} wrap="nowrap">
          <Icon size={17} stroke={1.7} aria-hidden />
          <Title order={3} fz="sm">
            {title}
          </Title>
          <span className={classes.count}>{sayCount(count)}</span>
        </Group>
        <Anchor component={Link} to={all} fz="sm" aria-label={`All ${title.toLowerCase()}`}>
          Show all
        </Anchor>
      </Group>
      <ul className={classes.list}>{children}</ul>
    </Paper>
  );
}

function JobToReview({ job }: { job: Schemas["Job"] }) {
  const scopes = useScopes();
  const where = [scopes.project(job.project_id)?.name, scopes.sceneType(job.scene_type_id)?.name];
  return (
    <li className={classes.item}>
      <div className={classes.says}>
        <Text fz="sm" fw={560}>
          <Link to={`/jobs/${job.id}`}>
            Job {job.id}
            {job.external_ref && `, ${job.external_ref}`}
          </Link>
        </Text>
        <Text fz="sm" className={classes.reason}>
          {job.review_reason}
        </Text>
        <Text fz="xs" c="dimmed">
          {where.filter(Boolean).join(" › ")}
          {where.some(Boolean) && ", "}
          halted <Ago at={job.updated_at} />
        </Text>
      </div>
      <Button component={Link} to={`/jobs/${job.id}`} variant="default" size="xs">
        Review
      </Button>
    </li>
  );
}

function HeldUpHook({ hook }: { hook: HeldUp }) {
  return (
    <li className={classes.item}>
      <div className={classes.says}>
        <Text fz="sm" fw={560}>
          <Link to={`/hooks/${hook.hook_id}`}>{hook.name}</Link>
        </Text>
        <Text fz="sm" className={classes.reason}>
          {hook.reason
            ? `Disabled: ${hook.reason}`
            : "Paused by somebody. Its deliveries wait until it is resumed."}
        </Text>
        {hook.paused_at && (
          <Text fz="xs" c="dimmed">
            since <Ago at={hook.paused_at} />
          </Text>
        )}
      </div>
      <WayBack hook={hook} size="xs" />
    </li>
  );
}

function GivenUp({ delivery }: { delivery: Schemas["DeliveryShown"] }) {
  const mayRetry = useMay("editor");
  return (
    <li className={classes.item}>
      <div className={classes.says}>
        <Text fz="sm" fw={560}>
          <Link to={`/deliveries/${delivery.id}`}>
            {delivery.event_name} to {delivery.hook.name}
          </Link>
        </Text>
        <Text fz="sm" className={classes.reason}>
          {delivery.last_error ?? "The last attempt did not succeed."}
        </Text>
        <Text fz="xs" c="dimmed">
          given up <Ago at={delivery.finished_at ?? delivery.created_at} /> after{" "}
          {delivery.attempts} {delivery.attempts === 1 ? "attempt" : "attempts"}
        </Text>
      </div>
      {mayRetry && <RetryButton delivery={delivery} size="xs" />}
    </li>
  );
}
