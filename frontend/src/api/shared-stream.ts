/** All live events, from the stream that the tabs of a browser share. */
import { doubted } from "./connection";
import { notSignedIn } from "./problem";
import { queries } from "./queries";
import { follow, type LiveEvent } from "./stream";
import type { Asked, ToldTab } from "./stream-worker";

/**
 * Follows it until the answer is called. Where tabs cannot share, this one has its own.
 * `onOpen` is called when it is heard, again after each interruption.
 */
export function followTogether(
  onEvent: (event: LiveEvent) => void,
  onOpen: () => void,
): () => void {
  const followAlone = () => follow({}, { onEvent, onOpen, onClosed: () => void doubted() });
  if (typeof SharedWorker === "undefined") return followAlone();
  let endOwn: (() => void) | undefined;
  const worker = new SharedWorker(new URL("./stream-worker.ts", import.meta.url), {
    type: "module",
    name: "live events",
  });
  const { port } = worker;
  const ask = (asked: Asked) => port.postMessage(asked);
  // Its file did not come: the server may have been updated meanwhile.
  worker.onerror = () => {
    endOwn ??= followAlone();
  };
  port.onmessage = ({ data }: MessageEvent<ToldTab>) => {
    if (data === "not signed in") notSignedIn.announce();
    else if (data === "open") onOpen();
    else if (data === "closed") void doubted();
    else onEvent(data.event);
  };
  const onHide = () => ask("leave");
  const onShow = ({ persisted }: PageTransitionEvent) => {
    // Come back to, by the browser's way back: it was told nothing meanwhile.
    if (!persisted) return;
    ask("join");
    void queries.invalidateQueries();
  };
  window.addEventListener("pagehide", onHide);
  window.addEventListener("pageshow", onShow);
  ask("join");
  return () => {
    window.removeEventListener("pagehide", onHide);
    window.removeEventListener("pageshow", onShow);
    ask("leave");
    port.close();
    worker.onerror = null;
    endOwn?.();
  };
}
