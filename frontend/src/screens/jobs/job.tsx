import { Button, Stack, Tabs, Tooltip } from "@mantine/core";
import { IconCircleCheck } from "@tabler/icons-react";
import { useState } from "react";
import { useParams } from "react-router";
import { api, client } from "@/api/client";
import { problemOf } from "@/api/problem";
import { outdated } from "@/api/queries";
import { useMay } from "@/api/session";
import { AwaitedPage } from "@/parts/awaited-page";
import { BackLink } from "@/parts/back-link";
import { Confirm } from "@/parts/confirm";
import { EmptyState } from "@/parts/empty-state";
import { useFilters } from "@/parts/filters";
import { JsonView } from "@/parts/json-view";
import { Page } from "@/parts/page";
import { useScopes } from "@/parts/scopes";
import { tellDone } from "@/parts/tell";
import { Ago } from "@/parts/time";
import { ExecutionList } from "../executions/execution-list";
import { useJobRefresh, useStageRuns } from "./data";
import { MetadataGrowth } from "./metadata";
import { ReviewedBy, ReviewPanel } from "./review";
import { Stages } from "./stages";
import { type Job, JobState, nameOf } from "./words";

const TABS = ["stages", "metadata", "executions", "workflow"] as const;

/** One job: its stages, its metadata, and the decision it may wait for. */
export function Component() {
  const id = Number(useParams().id);
  const query = api.useQuery("get", "/api/v1/jobs/{id}", { params: { path: { id } } });
  const before = <BackLink to="/jobs">Jobs</BackLink>;
  if (query.data) return <Shown key={id} job={query.data} />;
  return (
    <AwaitedPage what="Job" query={query} before={before} gone="Its number may be mistyped." />
  );
}

function Shown({ job }: { job: Job }) {
  const filters = useFilters("tab", "stage", "step");
  const { values, set, setAll } = filters;
  const tab = TABS.find((name) => name === values.tab) ?? "stages";
  const runs = useStageRuns(job.id);
  useJobRefresh(job.id);
  const scopes = useScopes();
  const chain = job.scene_type_id
    ? scopes.chain("scene_type", job.scene_type_id)
    : scopes.chain("project", job.project_id);
  return (
    <Page
      title={nameOf(job)}
      before={<BackLink to="/jobs">Jobs</BackLink>}
      subtitle={
        <div style={{ display: "flex", gap: 10, alignItems: "center", flexWrap: "wrap" }}>
          <JobState job={job} />
          <span>
            Job {job.id} · {chain.slice(1).join(" › ")} · created <Ago at={job.created_at} />,
            changed <Ago at={job.updated_at} />
          </span>
        </div>
      }
      actions={job.status === "running" && <Complete job={job} />}
    >
      {job.needs_review && <ReviewPanel job={job} runs={runs.data?.items ?? []} />}
      <ReviewedBy job={job} />
      <Tabs
        value={tab}
        onChange={(next) =>
          setAll({ tab: next === "stages" ? null : next, stage: null, step: null })
        }
        keepMounted={false}
      >
        <Tabs.List mb="lg">
          <Tabs.Tab value="stages">Stages</Tabs.Tab>
          <Tabs.Tab value="metadata">Metadata</Tabs.Tab>
          <Tabs.Tab value="executions">Executions</Tabs.Tab>
          <Tabs.Tab value="workflow">Workflow</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="stages">
          <Stack gap="xl">
            <Stages
              jobId={job.id}
              runs={runs}
              stage={values.stage}
              onStage={(stage) => set("stage", stage)}
            />
          </Stack>
        </Tabs.Panel>
        <Tabs.Panel value="metadata">
          <MetadataGrowth jobId={job.id} step={values.step} onStep={(step) => set("step", step)} />
        </Tabs.Panel>
        <Tabs.Panel value="executions">
          <ExecutionList jobId={job.id} />
        </Tabs.Panel>
        <Tabs.Panel value="workflow">
          {job.workflow ? (
            <JsonView label="Workflow" value={job.workflow} maxHeight={560} />
          ) : (
            <EmptyState title="No workflow is known">
              A pipeline may name the workflow that it generates a job with: its name, its version,
              its parameters. Hooks have it in their scene context.
            </EmptyState>
          )}
        </Tabs.Panel>
      </Tabs>
    </Page>
  );
}

/** For a pipeline that does not say so itself. */
function Complete({ job }: { job: Job }) {
  const [isAsked, setAsked] = useState(false);
  const may = useMay("pipeline");
  if (!may) return null;
  return (
    <>
      <Tooltip label="The pipeline says so itself, as a rule.">
        <Button
          variant="default"
          leftSection={<IconCircleCheck size={16} aria-hidden />}
          onClick={() => setAsked(true)}
        >
          Complete
        </Button>
      </Tooltip>
      {isAsked && (
        <Confirm
          title={`Complete ${nameOf(job)}`}
          says="A completed job has ended: the pipeline can ask for no further verdicts for it."
          action="Complete it"
          color="indigo"
          onConfirm={async () => {
            const { error } = await client.POST("/api/v1/jobs/{id}/complete", {
              params: { path: { id: job.id } },
            });
            if (error) throw problemOf(error);
            outdated("/jobs");
            tellDone(`${nameOf(job)} is completed`);
          }}
          onClose={() => setAsked(false)}
        />
      )}
    </>
  );
}
