import { Anchor, Button, Code, Stack, Text } from "@mantine/core";
import { useCallback } from "react";
import { Link, useNavigate } from "react-router";
import { client } from "@/api/client";
import { EmptyState } from "@/parts/empty-state";
import { FilterRow, FilterSelect } from "@/parts/filter-row";
import { type Filters, useFilters } from "@/parts/filters";
import { useLiveList } from "@/parts/live-list";
import { Page } from "@/parts/page";
import { PagedTable } from "@/parts/paged-table";
import { useScopes } from "@/parts/scopes";
import { SearchField } from "@/parts/search-field";
import { Ago } from "@/parts/time";
import type { Column } from "@/parts/virtual-table";
import { type Job, JOB_STATUSES, JobState, nameOf } from "./words";

const KEYS = ["external_ref", "status", "needs_review", "project_id"] as const;
type JobFilters = Filters<(typeof KEYS)[number]>;

/** Jobs, those that wait for a person among them. */
export function Component() {
  const filters: JobFilters = useFilters(...KEYS);
  const { values } = filters;
  const jobs = useLiveList(
    "/api/v1/jobs",
    {
      external_ref: values.external_ref,
      status: JOB_STATUSES.find((status) => status === values.status),
      needs_review: values.needs_review === undefined ? undefined : values.needs_review === "true",
      project_id: Number(values.project_id) || undefined,
    },
    (query, signal) => client.GET("/api/v1/jobs", { signal, params: { query } }),
    { keepsRows: true },
  );
  const navigate = useNavigate();
  const open = useCallback(({ id }: Job) => void navigate(`/jobs/${id}`), [navigate]);
  const columns = useColumns();
  return (
    <Page
      title="Jobs"
      subtitle="What the pipeline works on. A job that a hook halted waits here for a person."
    >
      <Stack gap="md">
        <JobFilterBar filters={filters} />
        <PagedTable
          list={jobs}
          label="Jobs"
          columns={columns}
          rowKey={({ id }) => id}
          toneOf={(job) => (job.needs_review ? "review" : job.status === "failed" ? "bad" : "good")}
          onOpen={open}
          empty={<NoJobs filters={filters} />}
        />
      </Stack>
    </Page>
  );
}

function useColumns(): Column<Job>[] {
  const scopes = useScopes();
  return [
    {
      name: "Job",
      width: "24%",
      cell: (job) => (
        <>
          <Anchor
            component={Link}
            to={`/jobs/${job.id}`}
            fz="sm"
            fw={560}
            c="var(--mantine-color-text)"
            display="block"
            truncate
          >
            {nameOf(job)}
          </Anchor>
          <Text fz="xs" c="dimmed" className="numbers">
            job {job.id}
          </Text>
        </>
      ),
    },
    { name: "State", width: "140px", cell: (job) => <JobState job={job} /> },
    {
      name: "Scope",
      width: "22%",
      cell: (job) => (
        <Text fz="sm" truncate>
          {(job.scene_type_id
            ? scopes.chain("scene_type", job.scene_type_id)
            : scopes.chain("project", job.project_id)
          )
            .slice(1)
            .join(" › ")}
        </Text>
      ),
    },
    {
      name: "Why",
      from: "lg",
      cell: (job) => (
        <Text fz="sm" c={job.needs_review ? undefined : "dimmed"} lineClamp={2}>
          {job.needs_review
            ? job.review_reason
            : job.review &&
              `${job.review.decision === "resume" ? "resumed" : "rejected"} by ${job.review.reviewer}${job.review.note ? `: ${job.review.note}` : ""}`}
        </Text>
      ),
    },
    {
      name: "Created",
      width: "116px",
      align: "right",
      from: "md",
      cell: ({ created_at }) => <Ago at={created_at} />,
    },
    {
      name: "Changed",
      width: "116px",
      align: "right",
      cell: ({ updated_at }) => <Ago at={updated_at} />,
    },
  ];
}

function JobFilterBar({ filters }: { filters: JobFilters }) {
  const { values, set } = filters;
  const scopes = useScopes();
  return (
    <FilterRow label="Filter the jobs" filters={filters}>
      <SearchField
        aria-label="What the pipeline calls the job"
        placeholder="Reference, in full"
        value={values.external_ref}
        onChange={(reference) => set("external_ref", reference.trim())}
        w={220}
      />
      <FilterSelect
        filters={filters}
        name="needs_review"
        label="Review"
        placeholder="Reviewed or not"
        w={180}
        data={[
          { value: "true", label: "Waits for a person" },
          { value: "false", label: "Waits for nobody" },
        ]}
      />
      <FilterSelect
        filters={filters}
        name="status"
        label="Status"
        placeholder="Any status"
        w={140}
        data={JOB_STATUSES}
      />
      <FilterSelect
        filters={filters}
        name="project_id"
        label="Project"
        placeholder="Any project"
        searchable
        w={190}
        data={scopes.projects.map(({ id, name }) => ({ value: String(id), label: name }))}
      />
    </FilterRow>
  );
}

const TEMPLATE = `curl -X POST "$STAGEHOOK_SERVER/api/v1/jobs" \\
  -H "Authorization: Bearer $STAGEHOOK_TOKEN" -H "Content-Type: application/json" \\
  -d '{"project_id": 1, "external_ref": "shot_010"}'`;

function NoJobs({ filters }: { filters: JobFilters }) {
  if (filters.isAny) {
    return (
      <EmptyState
        title="No job fits these filters"
        action={
          <Button variant="default" onClick={filters.clear}>
            Clear the filters
          </Button>
        }
      >
        {filters.values.needs_review === "true"
          ? "Nothing waits for a person."
          : "Loosen one of them. A reference has to be written in full."}
      </EmptyState>
    );
  }
  return (
    <EmptyState title="No jobs yet">
      <Stack gap="sm">
        The pipeline creates a job for each piece of work, and asks for a verdict at each stage:
        <Code block ta="left">
          {TEMPLATE}
        </Code>
      </Stack>
    </EmptyState>
  );
}
