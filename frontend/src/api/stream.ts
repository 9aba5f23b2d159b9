/**
 * The server's live events (server-sent events, WHATWG HTML 9.2), read with `fetch`:
 * an `EventSource` hears only names it was told beforehand, and a studio has event
 * types of its own. It comes back after a pause with the last id that it saw.
 */
import { EventSourceParserStream } from "eventsource-parser/stream";
import { notSignedIn } from "./problem";

/** One event as it was told. What is only told live, such as `hook_output`, has no id. */
export type LiveEvent = {
  id?: string;
  event_name: string;
  data: Record<string, unknown>;
};

/** Which events: see `GET /events/stream`. */
export type Interest = {
  event?: string;
  execution_id?: string;
  hook_id?: string;
  job_id?: string;
};

type Follower = {
  onEvent: (event: LiveEvent) => void;
  /** It is heard from now on; again after each interruption. */
  onOpen?: () => void;
  onClosed?: () => void;
};

const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 15_000;

/** Follows the stream until the answer is called. */
export function follow(interest: Interest, follower: Follower): () => void {
  const ended = new AbortController();
  void keepFollowing(interest, follower, ended.signal);
  return () => ended.abort();
}

async function keepFollowing(interest: Interest, follower: Follower, ended: AbortSignal) {
  let lastId: string | undefined;
  let pauseMs = FIRST_PAUSE_MS;
  while (!ended.aborted) {
    try {
      const answer = await fetch(`/api/v1/events/stream?${new URLSearchParams(interest)}`, {
        headers: lastId ? { "Last-Event-ID": lastId } : {},
        credentials: "same-origin",
        signal: ended,
      });
      if (answer.status === 401) notSignedIn.announce();
      // Retention has removed the last one that was seen: begin anew.
      if (answer.status === 404) lastId = undefined;
      if (answer.ok && answer.body) {
        pauseMs = FIRST_PAUSE_MS;
        follower.onOpen?.();
        const messages = answer.body
          .pipeThrough(
            new TextDecoderStream() as ReadableWritablePair<string, Uint8Array<ArrayBuffer>>,
          )
          .pipeThrough(new EventSourceParserStream())
          .getReader();
        for (;;) {
          const { done, value } = await messages.read();
          if (done) break;
          lastId = value.id ?? lastId;
          follower.onEvent({
            id: value.id,
            event_name: value.event ?? "message",
            data: JSON.parse(value.data) as Record<string, unknown>,
          });
        }
      }
    } catch {
      // The server is gone, or this was ended.
    }
    if (ended.aborted) return;
    follower.onClosed?.();
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
    pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
  }
}
