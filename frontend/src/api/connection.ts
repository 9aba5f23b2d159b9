/**
 * Whether the server answers. When a request does not get through, the server is
 * asked for its health, every second at first, until it does; then everybody who
 * listens may ask again for what was missed.
 */
import { useSyncExternalStore } from "react";

type State = "up" | "down";

let state: State = "up";
const listeners = new Set<() => void>();
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 10_000;

function become(next: State) {
  if (state === next) return;
  state = next;
  for (const listener of listeners) listener();
}

/** A request was answered. */
export function reached() {
  become("up");
}

/** A request got no answer. */
export function unreachable() {
  if (state === "down") return;
  become("down");
  void ask(FIRST_PAUSE_MS);
}

/** What was listened to ended, which may have other reasons. */
export async function doubted() {
  if (state === "up" && !(await isThere())) unreachable();
}

async function ask(pauseMs: number) {
  await new Promise((resolve) => setTimeout(resolve, pauseMs));
  if (state === "up") return;
  if (await isThere()) become("up");
  else void ask(Math.min(pauseMs * 1.5, LONGEST_PAUSE_MS));
}

async function isThere(): Promise<boolean> {
  try {
    return (await fetch("/healthz", { cache: "no-store" })).ok;
  } catch {
    return false;
  }
}

export function onConnection(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function connection(): State {
  return state;
}

export function useConnection(): State {
  return useSyncExternalStore(onConnection, connection);
}
