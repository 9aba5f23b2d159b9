/** What the server says when it refuses (RFC 9457), and what failures of other kinds become. */
import type { Schemas } from "./client";

export type Problem = Schemas["Problem"];

/** What a request that got no answer is answered with. */
export const UNREACHABLE: Problem = {
  type: "/problems/unreachable",
  title: "the server does not answer",
  status: 0,
  detail: "It may be restarting. Try again when it is back.",
};

/** A problem of whatever was thrown or answered. */
export function problemOf(error: unknown): Problem {
  if (isProblem(error)) return error;
  const detail = error instanceof Error ? error.message : String(error || "the answer was empty");
  return { type: "about:blank", title: "something went wrong", status: 0, detail };
}

export function isProblem(error: unknown): error is Problem {
  return typeof error === "object" && error !== null && "detail" in error && "status" in error;
}

/** What the problem says of one field, and of what is in it. `pointer` is a JSON pointer (RFC 6901). */
export function detailsAt(problem: Problem | undefined, pointer: string): string | undefined {
  const details = (problem?.errors ?? [])
    .filter((error) => error.pointer === pointer || error.pointer.startsWith(`${pointer}/`))
    .map((error) =>
      error.pointer === pointer
        ? error.detail
        : `${error.pointer.slice(pointer.length + 1)}: ${error.detail}`,
    );
  return details.length > 0 ? details.join("; ") : undefined;
}

type Listener = () => void;

class Announcement {
  private readonly listeners = new Set<Listener>();

  announce() {
    for (const listener of this.listeners) listener();
  }

  listen(listener: Listener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }
}

/** Told when a request was refused because nobody is signed in (any more). */
export const notSignedIn = new Announcement();

/** Told when somebody signed in anew in another tab: what this one knows of the session is over. */
export const ofOtherSession = new Announcement();
