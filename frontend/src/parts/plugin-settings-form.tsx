/** The settings of a plugin, asked for as its JSON Schema says. Loaded where it is first needed. */
import { Skeleton, Stack, Text } from "@mantine/core";
import { Component, lazy, type ReactNode, Suspense, useState } from "react";
import { JsonEditor, parseJson, writeJson } from "./json-editor";
import type { Pointed } from "./json-pointer";

export type { Pointed } from "./json-pointer";
export { pointedBelow } from "./json-pointer";

const Inner = lazy(() => import("./plugin-settings-form-inner"));

export type SettingsSchema = Record<string, unknown>;
export type Settings = Record<string, unknown>;

/**
 * `problems` is what the server said of the settings, with pointers into them
 * (`pointedBelow(problem, "/config/settings")`); each is shown at its field.
 */
export function PluginSettingsForm({
  schema,
  value,
  onChange,
  problems = [],
  readOnly = false,
  none = "This plugin has no settings.",
}: {
  schema: SettingsSchema | null | undefined;
  value: Settings;
  onChange?: (value: Settings) => void;
  problems?: readonly Pointed[];
  readOnly?: boolean;
  /** What is said where the schema asks for nothing. */
  none?: ReactNode;
}) {
  if (asksNothing(schema) && Object.keys(value).length === 0 && problems.length === 0) {
    return (
      <Text fz="sm" c="dimmed">
        {none}
      </Text>
    );
  }
  const asJson = (
    <SettingsAsJson value={value} onChange={onChange} problems={problems} readOnly={readOnly} />
  );
  if (asksNothing(schema)) return asJson;
  return (
    <Unusable instead={asJson}>
      <Suspense fallback={<FormSkeleton />}>
        <Inner
          schema={schema ?? {}}
          value={value}
          onChange={onChange}
          problems={problems}
          readOnly={readOnly}
        />
      </Suspense>
    </Unusable>
  );
}

/** Whether no property is named and none can be: a form would be empty. */
export function asksNothing(schema: SettingsSchema | null | undefined): boolean {
  if (!schema) return true;
  const parts = ["properties", "patternProperties", "$ref", "allOf", "anyOf", "oneOf"];
  return (
    parts.every((part) => {
      const asked = schema[part];
      return (
        !asked ||
        (typeof asked === "object" && Object.keys(asked as Record<string, unknown>).length === 0)
      );
    }) && typeof schema.additionalProperties !== "object"
  );
}

/** Where no form can be made of a schema, its JSON can still be written. */
function SettingsAsJson({
  value,
  onChange,
  problems,
  readOnly,
}: {
  value: Settings;
  onChange?: (value: Settings) => void;
  problems: readonly Pointed[];
  readOnly: boolean;
}) {
  const [text, setText] = useState(() => writeJson(value));
  const [refusal, setRefusal] = useState<string>();
  const told = problems.map(({ pointer, detail }) => `${pointer} ${detail}`.trim());
  return (
    <JsonEditor
      label="Settings"
      description="As JSON: no form can be made of this plugin's schema."
      value={text}
      readOnly={readOnly}
      minHeight={100}
      error={refusal ?? (told.length > 0 ? told.join("; ") : undefined)}
      onChange={(next) => {
        setText(next);
        const { value, error } = parseJson(next);
        const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
        setRefusal(error ?? (value !== undefined && !isObject ? "must be an object" : undefined));
        if (value === undefined && !error) onChange?.({});
        else if (isObject) onChange?.(value as Settings);
      }}
    />
  );
}

function FormSkeleton() {
  return (
    <Stack gap="md" aria-busy>
      {[60, 60, 60].map((height, index) => (
        <Skeleton key={index} height={height} />
      ))}
    </Stack>
  );
}

/** A schema is a stranger's: what cannot be drawn must not take the page with it. */
class Unusable extends Component<{ instead: ReactNode; children: ReactNode }, { broke: boolean }> {
  override state = { broke: false };

  static getDerivedStateFromError() {
    return { broke: true };
  }

  override render() {
    return this.state.broke ? this.props.instead : this.props.children;
  }
}
