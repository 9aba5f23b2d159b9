import "@mantine/dates/styles.css";
import Form from "@rjsf/mantine";
import type { RJSFSchema, UiSchema } from "@rjsf/utils";
import { useId, useMemo } from "react";
import type { Pointed } from "./json-pointer";
import { errorSchemaOf, validator } from "./json-schema-validator";
import { templates, widgets } from "./plugin-settings-fields";
import type { Settings, SettingsSchema } from "./plugin-settings-form";
import { withTypedChoices } from "./typed-choices";

const UI: UiSchema = {
  "ui:submitButtonOptions": { norender: true },
  // What stands around the form says whose settings they are.
  "ui:label": false,
};

/**
 * What the plugin fills in by itself is shown and not sent: a hook that names only
 * what differs follows the plugin when a new version has better defaults.
 */
const DEFAULTS = {
  emptyObjectFields: "skipDefaults",
  arrayMinItems: { populate: "never" },
  constAsDefaults: "never",
} as const;

export default function Inner({
  schema,
  value,
  onChange,
  problems,
  readOnly,
}: {
  schema: SettingsSchema;
  value: Settings;
  onChange?: (value: Settings) => void;
  problems: readonly Pointed[];
  readOnly: boolean;
}) {
  const idPrefix = useId();
  const shown = useMemo(() => withTypedChoices(withoutTitle(schema)), [schema]);
  const said = JSON.stringify(problems);
  const extraErrors = useMemo(() => errorSchemaOf(JSON.parse(said) as Pointed[]), [said]);
  return (
    <Form
      tagName="div"
      idPrefix={idPrefix}
      schema={shown}
      uiSchema={UI}
      validator={validator}
      templates={templates}
      widgets={widgets}
      formData={value}
      extraErrors={extraErrors}
      onChange={({ formData }) => onChange?.(present(formData as Settings | undefined))}
      readonly={readOnly}
      liveValidate="onBlur"
      showErrorList={false}
      noHtml5Validate
      experimental_defaultFormStateBehavior={DEFAULTS}
    />
  );
}

/** The root's title is a type's name in some language, and no heading. */
function withoutTitle(schema: SettingsSchema): RJSFSchema {
  const shown: RJSFSchema = { ...schema };
  delete shown.title;
  delete shown.description;
  delete shown.$schema;
  return shown;
}

/** Without what was emptied again. */
function present(value: Settings | undefined): Settings {
  return value ? (JSON.parse(JSON.stringify(value)) as Settings) : {};
}
