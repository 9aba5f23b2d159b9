/** The plugins that hooks can run. */
import { Button, Group, Paper, Skeleton, Stack, Text } from "@mantine/core";
import { IconBox, IconRosetteDiscountCheck, IconUpload } from "@tabler/icons-react";
import { useCallback, useMemo } from "react";
import { Link, useNavigate } from "react-router";
import { api, type Schemas } from "@/api/client";
import { useMay } from "@/api/session";
import { useListKeys } from "@/keys/list";
import { EmptyState } from "@/parts/empty-state";
import { useFilters } from "@/parts/filters";
import { ToneBadge } from "@/parts/outcome";
import { Page } from "@/parts/page";
import { ProblemAlert } from "@/parts/problem-alert";
import { SearchField } from "@/parts/search-field";
import { PAGED, ShowMore } from "@/parts/show-more";
import { Ago } from "@/parts/time";
import { counted } from "@/parts/words";
import classes from "./catalogue.module.css";
import { UploadPlugin } from "./upload";
import { sayCapability } from "./words";

type Entry = Schemas["CatalogueEntry"];

export function Component() {
  const navigate = useNavigate();
  const mayUpload = useMay("editor");
  const { values, set } = useFilters("search", "upload");
  const list = api.useInfiniteQuery(
    "get",
    "/api/v1/plugins",
    { params: { query: { search: values.search, limit: 50 } } },
    { ...PAGED, placeholderData: (before) => before },
  );
  const plugins = useMemo(() => list.data?.pages.flatMap(({ items }) => items) ?? [], [list.data]);
  const open = useCallback(
    (index: number) => void navigate(`/plugins/${plugins[index]?.name}`),
    [navigate, plugins],
  );
  const cursor = useListKeys(plugins.length, open);
  return (
    <Page
      title="Plugins"
      subtitle="Programs that run as hooks in a sandbox: each reaches nothing of the machine but what its hook grants."
      actions={
        mayUpload && (
          <Button
            leftSection={<IconUpload size={16} aria-hidden />}
            onClick={() => set("upload", "true")}
          >
            Upload a plugin
          </Button>
        )
      }
    >
      <SearchField
        aria-label="Search"
        placeholder="Name, description, hook point, capability"
        value={values.search}
        onChange={(text) => set("search", text)}
        w={340}
        maw="100%"
      />
      <ProblemAlert error={list.error} onRetry={() => void list.refetch()} />
      {list.isPending ? (
        <Stack gap="sm" aria-busy>
          {Array.from({ length: 5 }, (_, index) => (
            <Skeleton key={index} h={84} />
          ))}
        </Stack>
      ) : plugins.length > 0 ? (
        <Paper p={0} component="ul" className={classes.list} aria-label="Plugins">
          {plugins.map((plugin, index) => (
            <Row key={plugin.name} plugin={plugin} index={index} isUnder={cursor === index} />
          ))}
        </Paper>
      ) : (
        !list.error && (
          <EmptyState
            title={values.search ? "No plugin fits" : "No plugin yet"}
            icon={IconBox}
            action={
              mayUpload &&
              !values.search && (
                <Button onClick={() => set("upload", "true")}>Upload the first one</Button>
              )
            }
          >
            {values.search ? (
              "Nothing has this in its name or description."
            ) : (
              <>
                A new one is begun with <code>stagehook plugin new NAME</code>, in Rust, TypeScript
                or Python, and published from here or with <code>stagehook plugin publish</code>.
              </>
            )}
          </EmptyState>
        )
      )}
      <ShowMore list={list} />
      {mayUpload && values.upload && <UploadPlugin onClose={() => set("upload", null)} />}
    </Page>
  );
}

function Row({ plugin, index, isUnder }: { plugin: Entry; index: number; isUnder: boolean }) {
  return (
    <li className={classes.row} data-row={index} data-cursor={isUnder || undefined}>
      <span className={classes.icon} aria-hidden>
        <IconBox size={20} stroke={1.6} />
      </span>
      <div className={classes.says}>
        <Group gap={8}>
          <Text fw={600} component="span">
            <Link to={`/plugins/${plugin.name}`} className={classes.name}>
              {plugin.name}
            </Link>
          </Text>
          <Text fz="sm" c="dimmed" className="numbers" component="span">
            {plugin.version}
          </Text>
          {plugin.signed_by && (
            <ToneBadge tone="good" icon={IconRosetteDiscountCheck}>
              signed by {plugin.signed_by}
            </ToneBadge>
          )}
          {plugin.yanked && <ToneBadge tone="warn">yanked</ToneBadge>}
        </Group>
        <Text fz="sm">{plugin.description || "It has no description."}</Text>
        <Text fz="xs" c="dimmed" mt={2}>
          {plugin.hook_points.length > 0 ? (
            <span className="mono">{plugin.hook_points.join(", ")}</span>
          ) : (
            "any trigger"
          )}
          {" · "}
          {plugin.capabilities.length > 0
            ? `asks to ${plugin.capabilities.map((capability) => sayCapability(capability).toLowerCase().replace("http", "HTTP")).join(", ")}`
            : "asks for nothing"}
        </Text>
      </div>
      <div className={classes.aside}>
        <Text fz="sm" className="numbers">
          {counted(plugin.versions, "version")}
        </Text>
        <Text fz="xs" c="dimmed">
          <Ago at={plugin.created_at} />
        </Text>
      </div>
    </li>
  );
}
