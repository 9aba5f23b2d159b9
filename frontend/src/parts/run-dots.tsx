/**
 * The last runs of a hook: colour by outcome, height by duration; each leads to its
 * execution. Made of little: a list draws hundreds of dots while it is scrolled.
 */
import type { MouseEvent } from "react";
import { useNavigate } from "react-router";
import type { Schemas } from "@/api/client";
import { sayStatus, toneOf } from "./outcome";
import classes from "./run-dots.module.css";
import { sayDuration, sayMoment } from "./time";

type Run = Schemas["HookActivity"]["runs"][number];

const LOWEST = 0.28;

export function RunDots({ runs }: { runs: readonly Run[] }) {
  const navigate = useNavigate();
  if (runs.length === 0) return <span className={classes.never}>never ran</span>;
  // On a logarithmic scale: a timeout is a thousand times a good run.
  const longest = Math.log1p(Math.max(...runs.map((run) => run.duration_ms)));
  const failed = runs.filter((run) => !run.success).length;
  const open = (event: MouseEvent<HTMLElement>) => {
    event.stopPropagation();
    const path = event.currentTarget.getAttribute("href");
    if (!path || event.metaKey || event.ctrlKey || event.shiftKey || event.button !== 0) return;
    event.preventDefault();
    void navigate(path);
  };
  return (
    <span
      className={classes.dots}
      role="group"
      aria-label={`the last ${runs.length} runs, ${failed} of them failed`}
    >
      {runs.map((run) => (
        <a
          key={run.log_id}
          href={`/executions/${run.log_id}`}
          className={classes.dot}
          data-tone={toneOf(run.status)}
          tabIndex={-1}
          title={`${sayStatus(run.status)} in ${sayDuration(run.duration_ms)}, ${sayMoment(run.executed_at)}`}
          aria-label={`execution ${run.log_id}: ${sayStatus(run.status)}`}
          style={{
            height: `${100 * Math.max(LOWEST, longest > 0 ? Math.log1p(run.duration_ms) / longest : 1)}%`,
          }}
          onClick={open}
        />
      ))}
    </span>
  );
}
