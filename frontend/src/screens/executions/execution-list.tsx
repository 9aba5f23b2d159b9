/** Executions with their filters, of all hooks, of one, or of one job. */
import {
  Alert,
  Button,
  Group,
  Loader,
  Menu,
  Skeleton,
  Stack,
  Switch,
  Text,
  Tooltip,
} from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";
import { useCallback, useEffect, useRef } from "react";
import { useNavigate, useSearchParams } from "react-router";
import { EmptyState } from "@/parts/empty-state";
import { FreshRows, useIsAway } from "@/parts/fresh-rows";
import type { Fresh } from "@/parts/live-list";
import { toneOf } from "@/parts/outcome";
import { ProblemAlert } from "@/parts/problem-alert";
import { VirtualTable } from "@/parts/virtual-table";
import { columnsOf } from "./columns";
import { FilterBar } from "./filter-bar";
import { exportPath, type LogFilters, useLogFilters } from "./filters";
import { type LogQuery, useExecutions } from "./use-executions";
import type { LogItem } from "./words";

/** Pages that are asked for by themselves while nothing fits. */
const MOST_EMPTY_PAGES = 10;

export function ExecutionList({ hookId, jobId }: { hookId?: number; jobId?: number }) {
  const { filters, query } = useLogFilters({ hookId, jobId });
  const executions = useExecutions(query);
  const top = useRef<HTMLDivElement>(null);
  const navigate = useNavigate();
  const open = useCallback(({ id }: LogItem) => void navigate(`/executions/${id}`), [navigate]);
  const { rows, hasNextPage, isFetchingNextPage, fetchNextPage, pages } = executions;
  const more = useCallback(() => {
    if (hasNextPage && !isFetchingNextPage) void fetchNextPage();
  }, [hasNextPage, isFetchingNextPage, fetchNextPage]);
  const isSearching = rows.length === 0 && hasNextPage && pages < MOST_EMPTY_PAGES;
  useEffect(() => {
    // A page may have nothing that fits, and still not be the last.
    if (isSearching) more();
  }, [isSearching, more]);
  return (
    <Stack gap="md">
      <div ref={top}>
        <FilterBar
          filters={filters}
          hasHook={hookId === undefined}
          hasJob={jobId === undefined}
          aside={<LiveBar query={query} fresh={executions.fresh} top={top} />}
        />
      </div>
      {executions.error && (
        <ProblemAlert error={executions.error} onRetry={() => void executions.refetch()} />
      )}
      {executions.isPending || isSearching ? (
        !executions.error && <Waiting isSearching={isSearching} />
      ) : rows.length > 0 ? (
        <>
          <VirtualTable
            label="Executions"
            columns={columnsOf({ hookId, jobId })}
            rows={rows}
            rowKey={({ id }) => id}
            toneOf={({ status }) => toneOf(status)}
            onOpen={open}
            onEnd={more}
          />
          <Text fz="xs" c="dimmed" ta="center" role="status">
            {isFetchingNextPage
              ? "Loading older ones"
              : hasNextPage
                ? "Older ones follow"
                : `${rows.length.toLocaleString("en")} in all`}
          </Text>
        </>
      ) : (
        !executions.error && (
          <Nothing
            filters={filters}
            isEmbedded={hookId !== undefined || jobId !== undefined}
            onFurther={hasNextPage ? more : undefined}
          />
        )
      )}
    </Stack>
  );
}

/** What came in since, the live view, and the way out as a file. */
function LiveBar({
  query,
  fresh,
  top,
}: {
  query: LogQuery;
  fresh: Fresh;
  top: React.RefObject<HTMLDivElement | null>;
}) {
  const [params, setParams] = useSearchParams();
  const isLive = params.get("live") === "1";
  const isAway = useIsAway(top);
  useEffect(() => {
    if (isLive && !isAway && fresh.count > 0) fresh.take();
    // eslint-disable-next-line react-hooks/exhaustive-deps -- when something is new
  }, [isLive, isAway, fresh.count]);
  const isEnded = query.until !== undefined;
  return (
    <>
      {(isAway || !isLive) && <FreshRows fresh={fresh} top={top} isAway={isAway} />}
      <Tooltip
        label={
          isEnded
            ? "What is new is after the time that was chosen."
            : isLive
              ? isAway
                ? "Paused while you read further down."
                : "New executions come in by themselves."
              : "New executions are counted, and come in when you ask."
        }
      >
        <Switch
          label="Live"
          checked={isLive}
          disabled={isEnded}
          onChange={(event) => {
            const isOn = event.currentTarget.checked;
            setParams(
              (before) => {
                const after = new URLSearchParams(before);
                if (isOn) after.set("live", "1");
                else after.delete("live");
                return after;
              },
              { replace: true },
            );
          }}
        />
      </Tooltip>
      <Menu position="bottom-end">
        <Menu.Target>
          <Button variant="default" leftSection={<IconDownload size={15} aria-hidden />}>
            Export
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Label>All that fit the filters</Menu.Label>
          <Menu.Item component="a" href={exportPath(query, "csv")} download>
            CSV, for spreadsheets
          </Menu.Item>
          <Menu.Item component="a" href={exportPath(query, "ndjson")} download>
            NDJSON, with everything
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
    </>
  );
}

function Waiting({ isSearching }: { isSearching: boolean }) {
  if (isSearching) {
    return (
      <Alert color="gray" icon={<Loader size={16} />} role="status">
        Looking further back.
      </Alert>
    );
  }
  return (
    <Stack gap={8}>
      {Array.from({ length: 8 }, (_, at) => (
        <Skeleton key={at} h={44} />
      ))}
    </Stack>
  );
}

function Nothing({
  filters,
  isEmbedded,
  onFurther,
}: {
  filters: LogFilters;
  isEmbedded: boolean;
  onFurther?: () => void;
}) {
  const navigate = useNavigate();
  if (filters.isAny) {
    return (
      <EmptyState
        title="No execution fits these filters"
        action={
          <Group>
            {onFurther && <Button onClick={onFurther}>Look further back</Button>}
            <Button variant="default" onClick={filters.clear}>
              Clear the filters
            </Button>
          </Group>
        }
      >
        {onFurther
          ? "None among the newest; there are older ones that have not been looked at."
          : "Loosen one of them, or look at another time."}
      </EmptyState>
    );
  }
  return (
    <EmptyState
      title="Nothing has run yet"
      action={
        isEmbedded ? undefined : (
          <Button onClick={() => void navigate("/hooks")}>Choose a hook to test</Button>
        )
      }
    >
      {isEmbedded
        ? "Executions appear here as they happen, tests as well."
        : "Executions appear here as they happen. To see one now, open a hook and run it in its test console."}
    </EmptyState>
  );
}
