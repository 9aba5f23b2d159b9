/** Why an execution happened, and with what. */
import { Anchor, Group, Text } from "@mantine/core";
import { Link } from "react-router";
import { isKnown } from "@/parts/known";
import { CopyButton } from "@/parts/copy-button";
import { Facts } from "@/parts/facts";
import { HookTypeMark } from "@/parts/hook-badges";
import { useScopes } from "@/parts/scopes";
import { sayDuration, sayMoment } from "@/parts/time";
import { inputOf, type LogItem } from "./words";

const SANDBOXES = {
  bubblewrap: "confined by bubblewrap",
  trusted: "trusted: nothing kept it from the host",
  off: "off: nothing kept it from the host",
} as const;

const FAILURE = {
  block: "block: its failure halts the stage",
  warn: "warn: its failure is a warning",
  ignore: "ignore: only the log tells of its failure",
} as const;

/** Why it ran: what set it off, and from where the hook comes. */
export function WhyItRan({ log }: { log: LogItem }) {
  const chain = useSourceChain(log);
  const { job, trigger } = inputOf(log);
  const jobId = log.job_id ?? job?.id;
  const jobName = job?.external_ref ? `${jobId} (${job.external_ref})` : String(jobId);
  return (
    <Facts
      facts={[
        [
          "Set off by",
          log.is_test ? (
            "a test: somebody ran it by hand, and it was told that this is a dry run"
          ) : log.delivery_id ? (
            <>
              the event{" "}
              {trigger?.event_id ? (
                <Anchor component={Link} underline="always" to={`/events/${trigger.event_id}`}>
                  {trigger.event ?? log.event}
                </Anchor>
              ) : (
                (trigger?.event ?? log.event)
              )}
              , by a{" "}
              <Anchor component={Link} underline="always" to={`/deliveries/${log.delivery_id}`}>
                delivery
              </Anchor>
              {log.attempt > 1 && `, attempt ${log.attempt}`}
            </>
          ) : log.stage_run_id ? (
            <>
              the pipeline, in a{" "}
              <Anchor component={Link} underline="always" to={`/stage-runs/${log.stage_run_id}`}>
                stage run
              </Anchor>{" "}
              at {log.hook_point}
            </>
          ) : (
            (log.hook_point ?? log.event)
          ),
        ],
        [
          "For",
          isKnown(jobId) && (
            <Anchor component={Link} to={`/jobs/${jobId}`}>
              job {jobName}
            </Anchor>
          ),
        ],
        [
          "File",
          inputOf(log).segment_path && <span className="mono">{inputOf(log).segment_path}</span>,
        ],
        ["Hook set at", chain.join(" › ")],
        ["On failure", log.hook_point ? FAILURE[log.failure_mode] : undefined],
      ]}
    />
  );
}

export function WithWhat({ log }: { log: LogItem }) {
  const { script } = log;
  return (
    <Facts
      facts={[
        [
          "Hook",
          <Anchor key="hook" component={Link} to={`/hooks/${log.hook.id}`}>
            {log.hook.name}, version {log.hook.version}
          </Anchor>,
        ],
        ["Type", <HookTypeMark key="type" type={log.hook_type} />],
        [
          "Began",
          <time key="began" dateTime={log.executed_at}>
            {sayMoment(log.executed_at)}
          </time>,
        ],
        ["Took", sayDuration(log.duration_ms)],
        ["Exit code", log.exit_code],
        ["Sandbox", script && SANDBOXES[script.sandbox]],
        ["Interpreter", script?.warm ? "kept warm" : undefined],
        [
          "Script",
          script && (
            <Copied text={script.digest} shown={shortDigest(script.digest)} what="digest" />
          ),
        ],
        [
          "Execution",
          <Copied key="id" text={log.execution_id} shown={log.execution_id} what="execution id" />,
        ],
      ]}
    />
  );
}

const shortDigest = (digest: string): string => `${digest.slice(0, 19)}…`;

function Copied({ text, shown, what }: { text: string; shown: string; what: string }) {
  return (
    <Group gap={4} wrap="nowrap" component="span" h={21}>
      <Text component="span" fz="xs" className="mono" truncate>
        {shown}
      </Text>
      <CopyButton text={() => text} label={`Copy the ${what}`} />
    </Group>
  );
}

/** From the studio down to where the hook comes from. */
function useSourceChain(log: LogItem): string[] {
  const scopes = useScopes();
  const { job } = inputOf(log);
  if (log.hook.source === "studio" || !job) {
    return log.hook.source === "studio" ? ["studio"] : [log.hook.source.replace("_", " ")];
  }
  return log.hook.source === "project"
    ? scopes.chain("project", job.project_id)
    : scopes.chain("scene_type", job.scene_type_id);
}
