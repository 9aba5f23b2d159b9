import { Button, Group, Skeleton, Stack, Text } from "@mantine/core";
import { IconFilterOff, IconPlus, IconWebhook } from "@tabler/icons-react";
import { useDeferredValue, useMemo } from "react";
import { Link } from "react-router";
import { useMay } from "@/api/session";
import { EmptyState } from "@/parts/empty-state";
import { useFilters } from "@/parts/filters";
import { Page } from "@/parts/page";
import { ProblemAlert } from "@/parts/problem-alert";
import { sayCount } from "@/parts/time";
import { useAllHooks } from "./all-hooks";
import { blocksOf, FILTERS, type FilterKey, fits, rowsOf } from "./groups";
import { ListFilters } from "./list-filters";
import { HookTable } from "./table";
import { TemplateCards } from "./template-cards";

export function Component() {
  const hooks = useAllHooks();
  const filters = useFilters<FilterKey>(...FILTERS);
  const mayEdit = useMay("editor");
  const key = JSON.stringify(filters.values);
  const wanted = useDeferredValue(key);
  const blocks = useMemo(() => blocksOf(hooks.data ?? []), [hooks.data]);
  const rows = useMemo(() => rowsOf(blocks, JSON.parse(wanted)), [blocks, wanted]);
  const shown = useMemo(
    () => (hooks.data ?? []).filter((hook) => fits(hook, JSON.parse(wanted))).length,
    [hooks.data, wanted],
  );
  const total = hooks.data?.length ?? 0;
  return (
    <Page
      title="Hooks"
      subtitle="What runs at each stage of the pipeline and after each event, in the order in which it runs."
      actions={
        mayEdit && (
          <Button component={Link} to="/hooks/new" leftSection={<IconPlus size={16} />}>
            New hook
          </Button>
        )
      }
    >
      <ProblemAlert error={hooks.error} onRetry={() => void hooks.refetch()} />
      {hooks.isPending && <Loading />}
      {hooks.data && total === 0 && (
        <EmptyState title="No hooks yet" icon={IconWebhook}>
          A hook is what to run, and what triggers it.{" "}
          {mayEdit ? (
            <>
              Begin with one of these and change it to your needs.
              <TemplateCards />
            </>
          ) : (
            "To make one takes the role editor."
          )}
        </EmptyState>
      )}
      {total > 0 && (
        <Stack gap="sm">
          <ListFilters filters={filters} hooks={hooks.data ?? []} />
          <Text fz="sm" c="dimmed" className="numbers" role="status">
            {shown === total
              ? `${sayCount(total)} ${total === 1 ? "hook" : "hooks"}`
              : `${sayCount(shown)} of ${sayCount(total)} hooks`}
          </Text>
          {shown > 0 ? (
            <HookTable rows={rows} />
          ) : (
            <EmptyState
              title="No hook fits"
              icon={IconFilterOff}
              action={
                <Button variant="default" onClick={filters.clear}>
                  Clear the filters
                </Button>
              }
            >
              None of the {sayCount(total)} hooks is what you look for.
            </EmptyState>
          )}
        </Stack>
      )}
    </Page>
  );
}

function Loading() {
  return (
    <Stack gap="sm" aria-busy aria-label="Loading the hooks">
      <Group gap="xs">
        {[220, 190, 125, 190, 130, 165].map((width, at) => (
          <Skeleton key={at} w={width} h={36} />
        ))}
      </Group>
      <Skeleton h={18} w={80} />
      <Skeleton h={420} />
    </Stack>
  );
}
