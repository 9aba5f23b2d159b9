/**
 * Follows the live events once for all tabs of a browser: over HTTP/1.1 it has six
 * connections to a server, and a stream in each tab would leave none for the seventh.
 * A shared worker, since plain HTTP, which is where the limit is met, has no Web Locks.
 */
import { notSignedIn } from "./problem";
import { follow, type LiveEvent } from "./stream";

/** What a tab asks, and what it is told. */
export type Asked = "join" | "leave";
export type ToldTab = { event: LiveEvent } | "open" | "not signed in" | "closed";

const tabs = new Set<MessagePort>();
let end: (() => void) | undefined;
let isOpen = false;

function tell(told: ToldTab) {
  for (const tab of tabs) tab.postMessage(told);
}

function onAsked(tab: MessagePort, asked: Asked) {
  if (asked === "join") {
    tabs.add(tab);
    if (isOpen) tab.postMessage("open" satisfies ToldTab);
  } else tabs.delete(tab);
  if (tabs.size > 0) {
    end ??= follow(
      {},
      {
        onOpen: () => {
          isOpen = true;
          tell("open");
        },
        onEvent: (event) => tell({ event }),
        onClosed: () => {
          isOpen = false;
          tell("closed");
        },
      },
    );
  } else {
    end?.();
    end = undefined;
    isOpen = false;
  }
}

notSignedIn.listen(() => tell("not signed in"));

(self as unknown as { onconnect: (event: MessageEvent) => void }).onconnect = ({ ports }) => {
  for (const tab of ports) {
    tab.onmessage = ({ data }: MessageEvent<Asked>) => onAsked(tab, data);
  }
};
