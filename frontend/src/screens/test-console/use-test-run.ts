/** Running a hook with a sample: what it prints as it prints it, then its record. */
import { useCallback, useEffect, useRef, useState } from "react";
import { client } from "@/api/client";
import { problemOf } from "@/api/problem";
import { outdated } from "@/api/queries";
import { follow } from "@/api/stream";
import type { LogItem } from "../executions/words";
import type { Sample } from "./sample";

export type Printed = { stream: "stdout" | "stderr"; line: string };

export type Run = {
  executionId: string;
  /** By this machine's clock. */
  startedAt: number;
  printed: Printed[];
  /** Lines that were not kept here; the record has them. */
  skipped: number;
  isCancelling: boolean;
  log?: LogItem;
  error?: unknown;
};

/** Most lines that are kept while it runs. */
const MOST_LINES = 5_000;
const DRAW_MS = 80;
/** How long is waited for the stream; the hook runs all the same. */
const STREAM_MS = 1_000;

/** A UUID of version 4; `randomUUID` is missing on pages that came over plain HTTP. */
export function newExecutionId(): string {
  if (typeof crypto.randomUUID === "function") return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6]! & 0x0f) | 0x40;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

/** Runs the hook once and answers its record. Throws a problem. */
export async function testHook(
  hookId: number,
  sample: Sample,
  executionId = newExecutionId(),
): Promise<LogItem> {
  const { data, error } = await client.POST("/api/v1/hooks/{id}/test", {
    params: { path: { id: hookId } },
    body: { input: sample as never, execution_id: executionId },
  });
  if (!data) throw problemOf(error);
  // No event tells of tests.
  outdated("/hook-logs", "/hooks/{id}/logs");
  return data;
}

export function useTestRun(hookId: number) {
  const [run, setRun] = useState<Run>();
  const end = useRef<() => void>(undefined);
  useEffect(() => () => end.current?.(), []);

  const start = useCallback(
    async (sample: Sample) => {
      end.current?.();
      const executionId = newExecutionId();
      const update = (change: (run: Run) => Partial<Run>) =>
        setRun((run) => (run?.executionId === executionId ? { ...run, ...change(run) } : run));
      setRun({
        executionId,
        startedAt: Date.now(),
        printed: [],
        skipped: 0,
        isCancelling: false,
      });
      const listening = listen(executionId, (lines) =>
        update(({ printed, skipped }) => {
          const all = [...printed, ...lines];
          const over = Math.max(0, all.length - MOST_LINES);
          return { printed: over > 0 ? all.slice(over) : all, skipped: skipped + over };
        }),
      );
      end.current = listening.end;
      try {
        await listening.isOpen;
        const log = await testHook(hookId, sample, executionId);
        update(() => ({ log }));
      } catch (error) {
        update(() => ({ error }));
      } finally {
        listening.end();
      }
    },
    [hookId],
  );

  const cancel = useCallback(async () => {
    if (!run || run.log || run.error) return;
    setRun({ ...run, isCancelling: true });
    const { error } = await client.POST("/api/v1/executions/{execution_id}/cancel", {
      params: { path: { execution_id: run.executionId } },
    });
    if (!error) return;
    setRun((now) => (now ? { ...now, isCancelling: false } : now));
    throw problemOf(error);
  }, [run]);

  const isRunning = run !== undefined && run.log === undefined && run.error === undefined;
  return { run, isRunning, start, cancel };
}

/** Hears what an execution prints, a few times a second. */
function listen(executionId: string, onLines: (lines: Printed[]) => void) {
  let waiting: Printed[] = [];
  let timer: number | undefined;
  const tell = () => {
    timer = undefined;
    const lines = waiting;
    waiting = [];
    if (lines.length > 0) onLines(lines);
  };
  let opened = () => {};
  const isOpen = new Promise<void>((resolve) => {
    opened = resolve;
    window.setTimeout(resolve, STREAM_MS);
  });
  const end = follow(
    { execution_id: executionId, event: "hook_output" },
    {
      onOpen: () => opened(),
      onEvent: ({ data }) => {
        if (typeof data.line !== "string") return;
        const stream = data.stream === "stderr" ? "stderr" : "stdout";
        waiting.push({ stream, line: data.line });
        timer ??= window.setTimeout(tell, DRAW_MS);
      },
    },
  );
  return {
    isOpen,
    end: () => {
      end();
      window.clearTimeout(timer);
      tell();
    },
  };
}
