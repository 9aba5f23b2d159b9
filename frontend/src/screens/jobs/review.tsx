/** A halted job: why, and a person's decision. */
import { Anchor, Button, Group, Paper, Stack, Text, Textarea, Title } from "@mantine/core";
import { IconBan, IconEye, IconPlayerPlay } from "@tabler/icons-react";
import { useState } from "react";
import { Link } from "react-router";
import { api } from "@/api/client";
import { detailsAt, problemOf } from "@/api/problem";
import { outdated } from "@/api/queries";
import { useMay } from "@/api/session";
import { Confirm } from "@/parts/confirm";
import { LogView } from "@/parts/log-view";
import { ProblemAlert } from "@/parts/problem-alert";
import { tellDone } from "@/parts/tell";
import { Ago } from "@/parts/time";
import classes from "./review.module.css";
import { halterOf, type Job, nameOf, type StageRun } from "./words";

export function ReviewPanel({ job, runs }: { job: Job; runs: readonly StageRun[] }) {
  const [note, setNote] = useState("");
  const [isRejecting, setRejecting] = useState(false);
  const may = useMay("editor");
  const review = api.useMutation("post", "/api/v1/jobs/{id}/review");
  const run = runs.find(({ verdict }) => verdict === "halt");
  const halter = run && halterOf(run);
  const decide = async (decision: "resume" | "reject") => {
    await review.mutateAsync({
      params: { path: { id: job.id } },
      body: { decision, note: note.trim() },
    });
    outdated("/jobs", "/overview");
    tellDone(decision === "resume" ? `${nameOf(job)} goes on` : `${nameOf(job)} is rejected`);
  };
  const problem = review.error ? problemOf(review.error) : undefined;
  return (
    <Paper p="lg" className={classes.panel} component="section" aria-labelledby="review">
      <Stack gap="md">
        <Group gap="sm" align="flex-start" wrap="nowrap">
          <IconEye size={22} className={classes.icon} aria-hidden />
          <div style={{ minWidth: 0 }}>
            <Title order={2} id="review">
              This job waits for your decision
            </Title>
            <Text mt={4} style={{ overflowWrap: "anywhere" }}>
              {job.review_reason ?? "A hook halted it."}
            </Text>
            {run && halter && (
              <Text fz="sm" c="dimmed" mt={4}>
                <Anchor
                  component={Link}
                  to={`/executions/${halter.log_id}`}
                  fz="sm"
                  underline="always"
                >
                  {halter.hook.name}
                </Anchor>{" "}
                halted{" "}
                <Anchor component={Link} to={`/stage-runs/${run.id}`} fz="sm" underline="always">
                  {run.hook_point}
                </Anchor>{" "}
                <Ago at={run.finished_at ?? run.started_at} />. Until somebody decides, the pipeline
                gets no further verdicts for this job.
              </Text>
            )}
          </div>
        </Group>
        {halter && halter.stderr !== "" && (
          <LogView
            name="halter"
            label="What it printed to stderr"
            text={halter.stderr}
            maxHeight={180}
          />
        )}
        {may && (
          <Textarea
            label="Note"
            description="Why, for whoever looks at this job later."
            autosize
            minRows={2}
            maxRows={8}
            value={note}
            onChange={(event) => setNote(event.currentTarget.value)}
            error={detailsAt(problem, "/note")}
          />
        )}
        <ProblemAlert error={review.error} known={["/note"]} />
        <Group gap="sm">
          {may && (
            <Button
              leftSection={<IconPlayerPlay size={16} aria-hidden />}
              loading={review.isPending && !isRejecting}
              onClick={() => void decide("resume").catch(() => undefined)}
            >
              Resume
            </Button>
          )}
          {may ? (
            <Button
              variant="default"
              c="var(--outcome-bad)"
              leftSection={<IconBan size={16} aria-hidden />}
              onClick={() => setRejecting(true)}
            >
              Reject
            </Button>
          ) : (
            <Text fz="sm" c="dimmed">
              To review takes the role editor.
            </Text>
          )}
        </Group>
      </Stack>
      {isRejecting && (
        <Confirm
          title={`Reject ${nameOf(job)}`}
          says="A rejected job has ended. The pipeline can do no more with it, and it cannot be resumed."
          action="Reject it"
          onConfirm={() => decide("reject")}
          onClose={() => setRejecting(false)}
        />
      )}
    </Paper>
  );
}

/** What a person decided before. */
export function ReviewedBy({ job }: { job: Job }) {
  const { review } = job;
  if (!review || job.needs_review) return null;
  return (
    <Paper p="md" className={classes.reviewed}>
      <Group gap="sm" align="flex-start" wrap="nowrap">
        {review.decision === "resume" ? (
          <IconPlayerPlay size={18} aria-hidden />
        ) : (
          <IconBan size={18} aria-hidden />
        )}
        <div style={{ minWidth: 0 }}>
          <Text fz="sm">
            <strong>{review.decision === "resume" ? "Resumed" : "Rejected"}</strong> by{" "}
            {review.reviewer} <Ago at={review.reviewed_at} />
            {review.note && `: ${review.note}`}
          </Text>
          {job.review_reason && (
            <Text fz="sm" c="dimmed" style={{ overflowWrap: "anywhere" }}>
              It had been halted because of {job.review_reason}
            </Text>
          )}
        </div>
      </Group>
    </Paper>
  );
}
