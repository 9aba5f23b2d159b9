/** Delivering what happened in some time once more, after saying what that means. */
import { Button, Checkbox, Group, Modal, Stack, Text } from "@mantine/core";
import { useState } from "react";
import { Link } from "react-router";
import { api } from "@/api/client";
import { detailsAt, problemOf } from "@/api/problem";
import { outdated } from "@/api/queries";
import { EventNameInput } from "@/parts/event-name-input";
import { HookSelect } from "@/parts/hook-select";
import { Notice } from "@/parts/notice";
import { ProblemAlert } from "@/parts/problem-alert";
import { sayCount, sayMoment } from "@/parts/time";
import { Moment } from "@/parts/time-range";

const DAY_MS = 86_400_000;
const KNOWN = ["/since", "/until", "/event", "/hook_id"];

export function ReplayEvents({ onClose }: { onClose: () => void }) {
  const [since, setSince] = useState<string | undefined>(() =>
    new Date(Date.now() - DAY_MS).toISOString(),
  );
  const [until, setUntil] = useState<string | undefined>(() => new Date().toISOString());
  const [event, setEvent] = useState("");
  const [hookId, setHookId] = useState<number>();
  const [succeeded, setSucceeded] = useState(false);
  const replay = api.useMutation("post", "/api/v1/events/replay", {
    onSuccess: () => outdated("/deliveries", "/events", "/overview"),
  });
  const problem = replay.error ? problemOf(replay.error) : undefined;
  const hook = api.useQuery(
    "get",
    "/api/v1/hooks/{id}",
    { params: { path: { id: hookId ?? 0 } } },
    { enabled: hookId !== undefined },
  ).data;
  const wanted = { since, until, event: event.trim() || undefined, hookId, succeeded };
  const start = (from: string) =>
    until &&
    replay.mutate({
      body: { since: from, until, event: wanted.event, hook_id: hookId, succeeded },
    });
  return (
    <Modal opened onClose={onClose} title="Replay events" size="lg">
      <form
        noValidate
        onSubmit={(submitted) => {
          submitted.preventDefault();
          if (since) start(since);
        }}
      >
        <Stack>
          <Group grow align="flex-start">
            <Moment
              label="Events from"
              value={since}
              onChange={setSince}
              error={detailsAt(problem, "/since")}
              required
            />
            <Moment
              label="Until"
              value={until}
              onChange={setUntil}
              error={detailsAt(problem, "/until")}
              required
            />
          </Group>
          <Group grow align="flex-start">
            <EventNameInput
              label="Events"
              description="A name, or a pattern such as job_*. Empty: every event."
              kind="business"
              value={event}
              onChange={setEvent}
              error={detailsAt(problem, "/event")}
            />
            <HookSelect
              label="Hook"
              description="That one alone, also what it never got."
              placeholder="Every hook"
              value={hookId}
              onChange={setHookId}
              error={detailsAt(problem, "/hook_id")}
            />
          </Group>
          <Checkbox
            label="Also what was delivered"
            description="Receivers get it a second time, with the same webhook-id."
            checked={succeeded}
            onChange={(event) => setSucceeded(event.currentTarget.checked)}
          />
          <Notice title="What this does">{sayMeaning(wanted, hook?.name)}</Notice>
          <ProblemAlert error={replay.error} known={KNOWN} />
          {replay.data && (
            <Notice tone="good" title={`${sayCount(replay.data.deliveries)} on their way again`}>
              {replay.data.next_since ? (
                <>
                  10,000 events were looked at.{" "}
                  <MoreFrom since={replay.data.next_since} onMore={start} />
                </>
              ) : (
                <Link to="/deliveries" onClick={onClose}>
                  Look at the deliveries
                </Link>
              )}
            </Notice>
          )}
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={onClose}>
              {replay.data ? "Close" : "Cancel"}
            </Button>
            <Button type="submit" loading={replay.isPending} disabled={!since || !until}>
              Replay
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}

function MoreFrom({ since, onMore }: { since: string; onMore: (since: string) => void }) {
  return (
    <Button size="compact-xs" variant="default" onClick={() => onMore(since)}>
      Go on from {sayMoment(since)}
    </Button>
  );
}

type Wanted = {
  since?: string;
  until?: string;
  event?: string;
  hookId?: number;
  succeeded: boolean;
};

function sayMeaning({ since, until, event, hookId, succeeded }: Wanted, hookName?: string) {
  if (!since || !until) return "Choose from when until when.";
  const which = event ? `events ${event}` : "events";
  const whom = hookId === undefined ? "every hook that answers them" : (hookName ?? "this hook");
  const what = succeeded
    ? "Whatever became of it, each delivery begins anew."
    : "Only deliveries that were given up or cancelled begin anew.";
  const also =
    hookId === undefined ? "" : " Events that it did not get when they happened are delivered too.";
  return (
    <Text fz="sm" component="span">
      Takes the {which} from {sayMoment(since)} until {sayMoment(until)} and their deliveries to{" "}
      {whom}. {what}
      {also} Each gets all its attempts again, as its hook is set up now.
    </Text>
  );
}
