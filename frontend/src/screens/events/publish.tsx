/** Publishing an event by hand, with a form where its type has a schema. */
import { Button, Checkbox, Group, Modal, NumberInput, Stack, Text } from "@mantine/core";
import { useState } from "react";
import { Link } from "react-router";
import { api } from "@/api/client";
import { detailsAt, type Problem, problemOf } from "@/api/problem";
import { outdated } from "@/api/queries";
import { EventNameInput } from "@/parts/event-name-input";
import { segmentsOf } from "@/parts/json-pointer";
import { JsonEditor, parseJson, writeJson } from "@/parts/json-editor";
import { Notice } from "@/parts/notice";
import {
  asksNothing,
  PluginSettingsForm,
  pointedBelow,
  type Settings,
  type SettingsSchema,
} from "@/parts/plugin-settings-form";
import { ProblemAlert } from "@/parts/problem-alert";
import { counted } from "@/parts/words";

export function PublishEvent({ name: given, onClose }: { name?: string; onClose: () => void }) {
  const [name, setName] = useState(given ?? "");
  const [jobId, setJobId] = useState<number>();
  const [data, setData] = useState<Settings>({});
  const [text, setText] = useState("{}");
  const [wantsJson, setWantsJson] = useState(false);
  const types = api.useQuery("get", "/api/v1/event-types");
  const type = types.data?.items.find((type) => type.name === name);
  const schema = type?.schema as SettingsSchema | null | undefined;
  const hasForm = !asksNothing(schema);
  const isForm = hasForm && !wantsJson;
  const publish = api.useMutation("post", "/api/v1/events", {
    onSuccess: () => outdated("/events", "/deliveries", "/overview"),
  });
  const problem = publish.error ? problemOf(publish.error) : undefined;
  const written = parseJson(text);
  const published = publish.data
    ? Array.isArray(publish.data)
      ? publish.data[0]
      : publish.data
    : undefined;

  const toJson = (json: boolean) => {
    if (json) setText(writeJson(data));
    else if (isObject(written.value)) setData(written.value);
    setWantsJson(json);
  };
  const send = () => {
    const sent = isForm ? data : (written.value ?? {});
    publish.mutate({
      body: { event_name: name, data: sent as Record<string, never>, job_id: jobId },
    });
  };
  return (
    <Modal opened onClose={onClose} title="Publish an event" size="lg">
      <form
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          send();
        }}
      >
        <Stack>
          <EventNameInput
            label="Event"
            description={type?.description || "Its type has to be in the catalogue."}
            value={name}
            onChange={(name) => {
              setName(name);
              // What was filled in is of the type before.
              setData({});
            }}
            required
            withAsterisk={false}
            data-autofocus
            error={detailsAt(problem, "/event_name")}
          />
          <NumberInput
            label="Job"
            description="The hooks of this job's scene type, project and studio answer it. Empty: those of the studio."
            value={jobId ?? ""}
            onChange={(value) => setJobId(typeof value === "number" ? value : undefined)}
            min={1}
            allowDecimal={false}
            hideControls
            error={detailsAt(problem, "/job_id")}
          />
          {isForm ? (
            <PluginSettingsForm
              key={name}
              schema={schema}
              value={data}
              onChange={setData}
              problems={pointedBelow(problem, "/data")}
            />
          ) : (
            <JsonEditor
              label="Data"
              description="An object; what happened."
              value={text}
              onChange={setText}
              minHeight={120}
              maxHeight={320}
              error={detailsAt(problem, "/data")}
            />
          )}
          {hasForm && (
            <Checkbox
              label="Write it as JSON"
              checked={wantsJson}
              onChange={(event) => toJson(event.currentTarget.checked)}
            />
          )}
          <ProblemAlert
            error={publish.error}
            known={knownOf(problem, isForm ? schema : undefined)}
          />
          {published && (
            <Notice tone="good" title="Published">
              {published.deliveries === 0 ? (
                "No hook answers it."
              ) : (
                <>
                  {counted(published.deliveries, "hook")}{" "}
                  {published.deliveries === 1 ? "answers" : "answer"} it.
                </>
              )}{" "}
              {type?.kind !== "progress" && <Link to={`/events/${published.id}`}>Look at it</Link>}
            </Notice>
          )}
          <Group justify="space-between">
            <Text fz="xs" c="dimmed">
              {type?.kind === "progress" &&
                "Progress goes to those who listen now, and triggers no hook."}
            </Text>
            <Group gap="xs">
              <Button variant="default" onClick={onClose}>
                {published ? "Close" : "Cancel"}
              </Button>
              <Button
                type="submit"
                loading={publish.isPending}
                disabled={name === "" || (!isForm && written.error !== undefined)}
              >
                {published ? "Publish another" : "Publish"}
              </Button>
            </Group>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}

/** What is said at a field; a form has those that its schema names. */
function knownOf(problem: Problem | undefined, form: SettingsSchema | null | undefined): string[] {
  const pointers = (problem?.errors ?? []).map(({ pointer }) => pointer);
  return pointers.filter((pointer) => {
    const [part = "", property] = segmentsOf(pointer);
    if (part !== "data" || !form) return ["event_name", "job_id", "data"].includes(part);
    return property !== undefined && Object.hasOwn(form.properties ?? {}, property);
  });
}

const isObject = (value: unknown): value is Settings =>
  typeof value === "object" && value !== null && !Array.isArray(value);
