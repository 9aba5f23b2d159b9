/** What is shown of an execution in lists. */
import { Anchor, Badge, Text, Tooltip } from "@mantine/core";
import { Link } from "react-router";
import { TYPE_ICONS } from "@/parts/hook-badges";
import { sayHookType } from "@/parts/hook-words";
import { OutcomeMark } from "@/parts/outcome";
import { Ago, sayDuration } from "@/parts/time";
import type { Column } from "@/parts/virtual-table";
import classes from "./columns.module.css";
import { argumentsOf, type LogItem, saidBy, triggerOf } from "./words";

export function columnsOf({
  hookId,
  jobId,
}: {
  hookId?: number;
  jobId?: number;
}): Column<LogItem>[] {
  return [
    {
      name: "Outcome",
      width: "126px",
      cell: ({ status }) => <OutcomeMark status={status} />,
    },
    {
      name: hookId === undefined ? "Hook" : "Execution",
      width: "24%",
      cell: (log) => <What log={log} isOfHook={hookId !== undefined} />,
    },
    {
      name: "Ran for",
      width: "26%",
      cell: (log) => <Arguments log={log} isOfJob={jobId !== undefined} />,
    },
    {
      name: "Says",
      from: "lg",
      cell: (log) => (
        <Text fz="sm" c={log.success ? "dimmed" : undefined} lineClamp={2} className={classes.says}>
          {saidBy(log)}
        </Text>
      ),
    },
    {
      name: "Took",
      width: "92px",
      align: "right",
      from: "md",
      cell: ({ duration_ms }) => <span className="numbers">{sayDuration(duration_ms)}</span>,
    },
    {
      name: "When",
      width: "110px",
      align: "right",
      cell: ({ executed_at }) => <Ago at={executed_at} />,
    },
  ];
}

function What({ log, isOfHook }: { log: LogItem; isOfHook: boolean }) {
  const Icon = TYPE_ICONS[log.hook_type];
  return (
    <div className={classes.what}>
      {!isOfHook && (
        <Tooltip label={sayHookType(log.hook_type)}>
          <span className={classes.icon} role="img" aria-label={sayHookType(log.hook_type)}>
            <Icon size={16} stroke={1.7} />
          </span>
        </Tooltip>
      )}
      <div className={classes.lines}>
        <div className={classes.line}>
          <Anchor
            component={Link}
            to={`/executions/${log.id}`}
            fz="sm"
            fw={560}
            c="var(--mantine-color-text)"
            truncate
          >
            {isOfHook ? `Execution ${log.id}` : log.hook.name}
          </Anchor>
          {log.is_test && (
            <Badge size="xs" color="gray" style={{ flexShrink: 0 }}>
              test
            </Badge>
          )}
          {log.attempt > 1 && (
            <Badge size="xs" color="orange" style={{ flexShrink: 0 }}>
              attempt {log.attempt}
            </Badge>
          )}
        </div>
        <Text fz="xs" c="dimmed" truncate className="mono">
          {triggerOf(log)}
        </Text>
      </div>
    </div>
  );
}

/** The arguments: what tells this run from the one beside it. */
function Arguments({ log, isOfJob }: { log: LogItem; isOfJob: boolean }) {
  const said = argumentsOf(log).filter((each) => !isOfJob || !each.startsWith("job "));
  const [first, ...rest] = said;
  return (
    <div className={classes.lines}>
      <Text fz="sm" truncate title={first}>
        {first}
      </Text>
      {rest.length > 0 && (
        <Text fz="xs" c="dimmed" truncate title={rest.join(", ")}>
          {rest.join(" · ")}
        </Text>
      )}
    </div>
  );
}
