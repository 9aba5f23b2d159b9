/** Which executions: what the address says, and what the server is asked for. */
import { useMemo } from "react";
import type { Schemas } from "@/api/client";
import { type Filters, useFilters } from "@/parts/filters";
import { HOOK_POINTS, HOOK_TYPES } from "@/parts/hook-words";
import { STATUSES } from "@/parts/outcome";
import type { LogQuery } from "./use-executions";

export const KEYS = [
  "contains",
  "success",
  "status",
  "hook_type",
  "hook_point",
  "event",
  "is_test",
  "period",
  "since",
  "until",
  "hook_id",
  "job_id",
] as const;
export type LogFilters = Filters<(typeof KEYS)[number]>;

export const PERIODS = [
  { value: "1h", label: "Last hour", ms: 3_600_000 },
  { value: "24h", label: "Last 24 hours", ms: 86_400_000 },
  { value: "7d", label: "Last 7 days", ms: 604_800_000 },
] as const;

/** `period` values that mean the times of `since` and `until`. */
export const CUSTOM = "custom";

const oneOf = <T extends string>(value: string | undefined, all: readonly T[]): T | undefined =>
  all.find((each) => each === value);
const flag = (value: string | undefined): boolean | undefined =>
  value === "true" ? true : value === "false" ? false : undefined;
const id = (value: string | undefined): number | undefined =>
  value !== undefined && /^\d{1,15}$/.test(value) ? Number(value) : undefined;
const moment = (value: string | undefined): string | undefined =>
  value !== undefined && !Number.isNaN(Date.parse(value))
    ? new Date(value).toISOString()
    : undefined;

export function useLogFilters(fixed: { hookId?: number; jobId?: number }) {
  const filters: LogFilters = useFilters(...KEYS);
  const { values } = filters;
  const text = JSON.stringify(values);
  const { hookId, jobId } = fixed;
  const query = useMemo((): LogQuery => {
    const values = JSON.parse(text) as LogFilters["values"];
    const period = PERIODS.find(({ value }) => value === values.period);
    const asked: LogQuery = {
      contains: values.contains,
      success: flag(values.success),
      status: oneOf(values.status, STATUSES),
      hook_type: oneOf(
        values.hook_type,
        HOOK_TYPES.map(({ name }): Schemas["HookType"] => name),
      ),
      hook_point: oneOf(
        values.hook_point,
        HOOK_POINTS.map(({ name }): Schemas["HookPoint"] => name),
      ),
      event: values.event,
      is_test: flag(values.is_test),
      // From when the filter is chosen: rows that leave by themselves would be missed.
      since: period ? new Date(Date.now() - period.ms).toISOString() : moment(values.since),
      until: moment(values.until),
      hook_id: hookId ?? id(values.hook_id),
      job_id: jobId ?? id(values.job_id),
    };
    return Object.fromEntries(
      Object.entries(asked).filter(([, value]) => value !== undefined),
    ) as LogQuery;
  }, [text, hookId, jobId]);
  return { filters, query };
}

/** Where the same can be had as a file. */
export function exportPath(query: LogQuery, format: "ndjson" | "csv"): string {
  const params = new URLSearchParams({ format });
  for (const [key, value] of Object.entries(query)) params.set(key, String(value));
  return `/api/v1/hook-logs/export?${params}`;
}
