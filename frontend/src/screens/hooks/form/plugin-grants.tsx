/** What a plugin may touch, in plain words; what it asks for stands out. */
import { Badge, Group, Stack, TagsInput, Text } from "@mantine/core";
import type { ReactNode } from "react";
import type { Schemas } from "@/api/client";
import { detailsAt } from "@/api/problem";
import { ChoiceField, useField, useForm } from "./field";
import { ACCESS, DirectoriesField, PairsField } from "./list-fields";
import { useSecretNames } from "./secret-field";
import { Section } from "./section";

type Capability = Schemas["Capability"];

export function PluginGrants({ asks }: { asks: readonly Capability[] | undefined }) {
  const { names } = useSecretNames();
  const asked = (...wanted: Capability[]) => (asks ?? []).some((one) => wanted.includes(one));
  return (
    <Section
      title="Grants"
      says="A plugin reaches nothing of the machine but what is granted here. What this one asks for is marked; it may work with less."
    >
      <Asked is={asked("segment_read", "segment_write")}>
        <ChoiceField
          pointer="/config/grants/segment"
          label="The segment's folder"
          help="The folder of the file at hand, at /segment."
          none="No access"
          choices={ACCESS}
        />
      </Asked>
      <Asked is={asked("directories")}>
        <DirectoriesField />
      </Asked>
      <Asked is={asked("http")}>
        <TagsField
          pointer="/config/grants/http"
          label="HTTP"
          help="The hosts that it may call, such as tracker.example.com or *.studio.lan:8443."
          placeholder="tracker.example.com"
        />
        <SentSecrets names={names} />
      </Asked>
      <Asked is={asked("secrets")}>
        <TagsField
          pointer="/config/grants/secrets"
          label="Secrets"
          help="Secrets whose values it may read."
          placeholder="The name of a secret"
          data={names}
        />
      </Asked>
      <Asked is={asked("environment")}>
        <PairsField
          pointer="/config/grants/env"
          label="Environment"
          item="variable"
          name="Name"
          help="Values that it may read by their names."
        />
      </Asked>
    </Section>
  );
}

function Asked({ is, children }: { is: boolean; children: ReactNode }) {
  if (!is) return <>{children}</>;
  return (
    <Stack gap="sm" pl="sm" style={{ borderLeft: "2px solid var(--mantine-primary-color-filled)" }}>
      <Group gap={6}>
        <Badge>asked for</Badge>
      </Group>
      {children}
    </Stack>
  );
}

function TagsField({
  pointer,
  label,
  help,
  placeholder,
  data,
}: {
  pointer: string;
  label: string;
  help: string;
  placeholder: string;
  data?: string[];
}) {
  const { value, set, error, readOnly } = useField<string[]>(pointer);
  return (
    <TagsInput
      label={label}
      description={help}
      placeholder={(value ?? []).length === 0 ? placeholder : undefined}
      data={data}
      value={value ?? []}
      onChange={(value) => set(value.length > 0 ? value : undefined)}
      error={error}
      readOnly={readOnly}
      splitChars={[",", " "]}
    />
  );
}

/** Secrets that Stagehook puts into requests; the plugin never sees them. */
function SentSecrets({ names }: { names: string[] }) {
  const pointer = "/config/grants/http_secrets";
  const { value, set, readOnly } = useField<Record<string, string[]>>(pointer);
  const { draft, problem } = useForm();
  const sent = value ?? {};
  const hosts = ((draft.config.grants as { http?: string[] } | undefined)?.http ?? []).filter(
    Boolean,
  );
  const put = (next: Record<string, string[]>) =>
    set(Object.keys(next).length > 0 ? next : undefined);
  return (
    <Stack gap={6}>
      <TagsInput
        label="Secrets in its requests"
        description="Stagehook puts their values into headers where the plugin writes {{secret:NAME}}. The plugin never sees them."
        placeholder={Object.keys(sent).length === 0 ? "The name of a secret" : undefined}
        data={names}
        value={Object.keys(sent)}
        onChange={(chosen) =>
          put(Object.fromEntries(chosen.map((name) => [name, sent[name] ?? [...hosts]])))
        }
        error={(problem?.errors ?? []).find((error) => error.pointer === pointer)?.detail}
        readOnly={readOnly}
        splitChars={[",", " "]}
      />
      {Object.entries(sent).map(([name, to]) => (
        <TagsInput
          key={name}
          label={
            <Text component="span" fz="sm">
              Hosts that <span className="mono">{name}</span> is sent to
            </Text>
          }
          data={hosts}
          value={to}
          onChange={(to) => put({ ...sent, [name]: to })}
          error={detailsAt(problem, `${pointer}/${name}`)}
          readOnly={readOnly}
          splitChars={[",", " "]}
        />
      ))}
    </Stack>
  );
}
