/** Delivering once more what happened in some time, or one event, after saying what that means. */
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
import type { EventShown } from "./words";

const DAY_MS = 86_400_000;
const KNOWN = ["/since", "/until", "/event", "/hook_id"];

export function ReplayEvents({ one, onClose }: { one?: EventShown; onClose: () => void }) {
  const [range] = useState(() => (one ? momentOf(one) : lastDay()));
  const [since, setSince] = useState<string | undefined>(range.since);
  const [until, setUntil] = useState<string | undefined>(range.until);
  const [event, setEvent] = useState(one?.event_name ?? "");
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
  const wanted = {
    isOne: one !== undefined,
    since,
    until,
    event: event.trim() || undefined,
    hookId,
    succeeded,
  };
  const start = (from: string) =>
    until &&
    replay.mutate({
      body: { since: from, until, event: wanted.event, hook_id: hookId, succeeded },
    });
  return (
    <Modal opened onClose={onClose} title={one ? "Replay this event" : "Replay events"} size="lg">
      <form
        noValidate
        onSubmit={(submitted) => {
          submitted.preventDefault();
          if (since) start(since);
        }}
      >
        <Stack>
          {!one && (
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
          )}
          <Group grow align="flex-start">
            {!one && (
              <EventNameInput
                label="Events"
                description="A name, or a pattern such as job_*. Empty: every event."
                kind="business"
                value={event}
                onChange={setEvent}
                error={detailsAt(problem, "/event")}
              />
            )}
            <HookSelect
              label="Hook"
              description={
                one
                  ? "That one alone, also if it never got it."
                  : "That one alone, also what it never got."
              }
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

const lastDay = () => ({
  since: new Date(Date.now() - DAY_MS).toISOString(),
  until: new Date().toISOString(),
});

/** The API knows ranges: this one begins with the event and ends right after it. */
function momentOf({ created_at }: EventShown) {
  const at = new Date(created_at).getTime();
  return { since: new Date(at).toISOString(), until: new Date(at + 1).toISOString() };
}

function MoreFrom({ since, onMore }: { since: string; onMore: (since: string) => void }) {
  return (
    <Button size="compact-xs" variant="default" onClick={() => onMore(since)}>
      Go on from {sayMoment(since)}
    </Button>
  );
}

type Wanted = {
  isOne: boolean;
  since?: string;
  until?: string;
  event?: string;
  hookId?: number;
  succeeded: boolean;
};

function sayMeaning({ isOne, since, until, event, hookId, succeeded }: Wanted, hookName?: string) {
  if (!since || !until) return "Choose from when until when.";
  const which = event ? `events ${event}` : "events";
  const all = isOne ? "every hook that it was for" : "every hook that answers them";
  const whom = hookId === undefined ? all : (hookName ?? "this hook");
  const what = succeeded
    ? "Whatever became of it, each delivery begins anew."
    : "Only deliveries that were given up or cancelled begin anew.";
  const missed = isOne
    ? " If it did not get the event when it happened, it gets it now."
    : " Events that it did not get when they happened are delivered too.";
  const also = hookId === undefined ? "" : missed;
  return (
    <Text fz="sm" component="span">
      {isOne
        ? "Takes this event and its deliveries to "
        : `Takes the ${which} from ${sayMoment(since)} until ${sayMoment(until)} and their deliveries to `}
      {whom}. {what}
      {also} Each gets all its attempts again, as its hook is set up now.
    </Text>
  );
}
