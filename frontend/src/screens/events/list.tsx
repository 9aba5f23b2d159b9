/** What happened: on record, or as it happens. */
import { Button, Group, SegmentedControl } from "@mantine/core";
import { IconList, IconPlus, IconRefresh } from "@tabler/icons-react";
import { Link } from "react-router";
import { useMay } from "@/api/session";
import { useFilters } from "@/parts/filters";
import { Page } from "@/parts/page";
import { LiveTail } from "./live-tail";
import { OnRecord } from "./on-record";
import { PublishEvent } from "./publish";
import { ReplayEvents } from "./replay";

export function Component() {
  const mayPublish = useMay("pipeline");
  const mayReplay = useMay("editor");
  const { values, set } = useFilters("view", "publish", "replay");
  const isLive = values.view === "live";
  return (
    <Page
      title="Events"
      subtitle="What the pipeline and Stagehook said happened. Each is kept with a delivery for every hook that answers it."
      actions={
        <>
          <Button
            component={Link}
            to="/event-types"
            variant="default"
            leftSection={<IconList size={16} aria-hidden />}
          >
            Event types
          </Button>
          {mayReplay && (
            <Button
              variant="default"
              leftSection={<IconRefresh size={16} aria-hidden />}
              onClick={() => set("replay", "true")}
            >
              Replay
            </Button>
          )}
          {mayPublish && (
            <Button
              leftSection={<IconPlus size={16} aria-hidden />}
              onClick={() => set("publish", "true")}
            >
              Publish an event
            </Button>
          )}
        </>
      }
    >
      <Group>
        <SegmentedControl
          aria-label="Which events"
          value={isLive ? "live" : "record"}
          onChange={(view) => set("view", view === "live" ? "live" : null)}
          data={[
            { value: "record", label: "On record" },
            { value: "live", label: "Live" },
          ]}
        />
      </Group>
      {isLive ? <LiveTail /> : <OnRecord />}
      {mayPublish && values.publish && (
        <PublishEvent
          name={values.publish === "true" ? undefined : values.publish}
          onClose={() => set("publish", null)}
        />
      )}
      {mayReplay && values.replay && <ReplayEvents onClose={() => set("replay", null)} />}
    </Page>
  );
}
