/** One event type: what its data has to be, and what can be done with it. */
import { Badge, Button, Drawer, Group, Stack, Text, Title } from "@mantine/core";
import { useState } from "react";
import { Link } from "react-router";
import { client } from "@/api/client";
import { problemOf } from "@/api/problem";
import { outdated } from "@/api/queries";
import { useMay } from "@/api/session";
import { Confirm } from "@/parts/confirm";
import { JsonView } from "@/parts/json-view";
import { PluginSettingsForm, type SettingsSchema } from "@/parts/plugin-settings-form";
import { tellDone } from "@/parts/tell";
import type { EventType } from "./words";

export function TypeDrawer({
  type,
  mayChange,
  onClose,
}: {
  type: EventType | undefined;
  mayChange: boolean;
  onClose: () => void;
}) {
  const [asks, setAsks] = useState(false);
  const mayPublish = useMay("pipeline");
  const schema = type?.schema as SettingsSchema | null | undefined;
  return (
    <Drawer opened={type !== undefined} onClose={onClose} title={type?.name} size="lg">
      {type && (
        <Stack gap="lg">
          <Group gap="xs">
            <Badge color={type.kind === "business" ? "indigo" : "gray"}>{type.kind}</Badge>
            {type.built_in && <Badge color="gray">Stagehook's own</Badge>}
          </Group>
          <Text fz="sm">{type.description || "It has no description."}</Text>
          <Group gap="xs">
            {type.kind === "business" && (
              <Button
                component={Link}
                to={`/events?event=${type.name}`}
                variant="default"
                size="xs"
              >
                Its events
              </Button>
            )}
            {!type.built_in && mayPublish && (
              <Button
                component={Link}
                to={`/events?publish=${type.name}`}
                variant="default"
                size="xs"
              >
                Publish one
              </Button>
            )}
            {type.kind === "business" && mayChange && (
              <Button
                component={Link}
                to={`/hooks/new?event=${encodeURIComponent(type.name)}`}
                variant="default"
                size="xs"
              >
                Make a hook
              </Button>
            )}
            {!type.built_in && mayChange && (
              <Button variant="subtle" color="red" size="xs" onClick={() => setAsks(true)}>
                Delete
              </Button>
            )}
          </Group>
          {schema ? (
            <>
              <Stack gap="xs">
                <Title order={3}>What its data has</Title>
                <PluginSettingsForm
                  key={type.name}
                  schema={schema}
                  value={{}}
                  readOnly
                  none="Its schema names no property."
                />
              </Stack>
              <JsonView label="JSON Schema" value={schema} fileName={`${type.name}.schema.json`} />
            </>
          ) : (
            <Text fz="sm" c="dimmed">
              It has no schema: any object will do as data.
            </Text>
          )}
        </Stack>
      )}
      {asks && type && (
        <Confirm
          title={`Delete ${type.name}`}
          says="No event of this type can be published any more. Events that are on record stay, and hooks that answer it are left as they are."
          action="Delete the type"
          onConfirm={async () => {
            const { error } = await client.DELETE("/api/v1/event-types/{name}", {
              params: { path: { name: type.name } },
            });
            if (error) throw problemOf(error);
            outdated("/event-types");
            tellDone(`${type.name} is deleted`);
            onClose();
          }}
          onClose={() => setAsks(false)}
        />
      )}
    </Drawer>
  );
}
