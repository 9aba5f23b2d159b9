/** When a hook runs: at a stage of the pipeline, or after events. */
import { Autocomplete, Radio, SegmentedControl, Stack, Text } from "@mantine/core";
import { useRef } from "react";
import { api } from "@/api/client";
import { HOOK_POINTS, type HookPoint, patternMatches } from "@/parts/hook-words";
import { withTrigger } from "./draft";
import { MONO, useField, useForm } from "./field";
import { Section } from "./section";

const MOST_NAMED = 6;

export function Trigger() {
  const { draft, change, readOnly } = useForm();
  const point = useField<HookPoint>("/hook_point");
  const kind = draft.event === undefined ? "stage" : "event";
  // What was chosen before, for who comes back to it.
  const before = useRef({ point: draft.hook_point ?? "post_segment", event: draft.event ?? "" });
  if (draft.hook_point) before.current.point = draft.hook_point;
  if (draft.event !== undefined) before.current.event = draft.event;
  return (
    <Section
      title="When it runs"
      says={
        kind === "stage"
          ? "The pipeline asks at each hook point whether it may go on, and waits for the answer."
          : "Nobody waits: the event is kept with a delivery to this hook, which is made until it succeeds or is given up."
      }
    >
      <SegmentedControl
        aria-label="Trigger"
        value={kind}
        readOnly={readOnly}
        onChange={(kind) =>
          change(
            withTrigger(
              draft,
              kind === "stage"
                ? { hook_point: before.current.point }
                : { event: before.current.event },
            ),
          )
        }
        data={[
          { value: "stage", label: "At a stage" },
          { value: "event", label: "After events" },
        ]}
      />
      {kind === "stage" ? (
        <Radio.Group
          label="Hook point"
          value={draft.hook_point ?? null}
          onChange={(value) => change(withTrigger(draft, { hook_point: value as HookPoint }))}
          error={point.error}
          readOnly={readOnly}
        >
          <Stack gap="xs" mt={6}>
            {HOOK_POINTS.map(({ name, means }) => (
              <Radio
                key={name}
                value={name}
                label={<span className="mono">{name}</span>}
                description={means}
              />
            ))}
          </Stack>
        </Radio.Group>
      ) : (
        <EventPattern />
      )}
    </Section>
  );
}

function EventPattern() {
  const { draft, change } = useForm();
  const { value = "", error, readOnly } = useField<string>("/event");
  const types = api.useQuery("get", "/api/v1/event-types");
  const names = (types.data?.items ?? [])
    .filter(({ kind }) => kind === "business")
    .map(({ name }) => name);
  const matched = value === "" ? [] : names.filter((name) => patternMatches(value, name));
  return (
    <div>
      <Autocomplete
        label="Event"
        description="The name of an event type, or a pattern: each * stands for any run of characters."
        placeholder="job_completed"
        required
        data={names}
        value={value}
        onChange={(event) => change(withTrigger(draft, { event }))}
        error={error}
        readOnly={readOnly}
        styles={MONO}
        limit={50}
      />
      {value !== "" && types.data && !error && (
        <Text fz="sm" c="dimmed" mt={6} role="status">
          {matched.length === 0 && "No event type of the catalogue fits. It may come later."}
          {matched.length === 1 && `Answers ${matched[0]}.`}
          {matched.length > 1 &&
            `Answers ${matched.length} types: ${matched.slice(0, MOST_NAMED).join(", ")}${matched.length > MOST_NAMED ? " and others" : ""}.`}
        </Text>
      )}
    </div>
  );
}
