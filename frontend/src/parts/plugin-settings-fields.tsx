/** How the fields of a form made from a schema are drawn: labelled and described as all others. */
import {
  Checkbox,
  Fieldset,
  Group,
  MultiSelect,
  NumberInput,
  Select,
  Stack,
  Text,
  Textarea,
  TextInput,
} from "@mantine/core";
import {
  type ArrayFieldTemplateProps,
  type ArrayFieldTitleProps,
  type BaseInputTemplateProps,
  buttonId,
  canExpand,
  type DescriptionFieldProps,
  type FieldTemplateProps,
  getTemplate,
  type ObjectFieldTemplateProps,
  type RegistryWidgetsType,
  type RJSFSchema,
  type TemplatesType,
  type TitleFieldProps,
  type WidgetProps,
} from "@rjsf/utils";

/** Longer than this by its schema, a text gets more than one line. */
const LONG_TEXT = 400;

/** What is the same for every field. */
function about(props: WidgetProps | BaseInputTemplateProps) {
  const { id, htmlName, label, hideLabel, required, disabled, readonly, rawErrors, schema } = props;
  return {
    id,
    name: htmlName || id,
    label: hideLabel ? undefined : label,
    "aria-label": hideLabel ? label || "value" : undefined,
    description: props.options.description || schema.description,
    required,
    disabled,
    readOnly: readonly,
    error: rawErrors && rawErrors.length > 0 ? rawErrors.join("\n") : undefined,
  };
}

const byDefault = (schema: RJSFSchema): string | undefined =>
  schema.default === undefined || schema.default === null || schema.default === ""
    ? undefined
    : `${typeof schema.default === "string" ? schema.default : JSON.stringify(schema.default)} by default`;

const example = (schema: RJSFSchema): string | undefined => {
  const first = Array.isArray(schema.examples) ? schema.examples[0] : undefined;
  return first === undefined ? undefined : `such as ${String(first)}`;
};

function BaseInput(props: BaseInputTemplateProps) {
  const { id, schema, type, value, onChange, onBlur, placeholder, options } = props;
  const shared = {
    ...about(props),
    placeholder: placeholder || byDefault(schema) || example(schema),
    onBlur: () => onBlur(id, value),
  };
  const kinds = [schema.type].flat();
  if (kinds.includes("number") || kinds.includes("integer")) {
    return (
      <NumberInput
        {...shared}
        value={(value as number | string | undefined) ?? ""}
        // Not held to its bounds while it is typed: what is out of them is told.
        clampBehavior="none"
        allowDecimal={!kinds.includes("integer")}
        step={schema.multipleOf ?? 1}
        min={schema.minimum}
        max={schema.maximum}
        onChange={(next) => onChange(next === "" ? undefined : next)}
      />
    );
  }
  const text = (value as string | undefined) ?? "";
  const take = (next: string) => onChange(next === "" ? options.emptyValue : next);
  if ((schema.maxLength ?? 0) >= LONG_TEXT || text.includes("\n")) {
    return (
      <Textarea
        {...shared}
        value={text}
        autosize
        minRows={2}
        maxRows={12}
        onChange={(event) => take(event.currentTarget.value)}
      />
    );
  }
  return (
    <TextInput
      {...shared}
      type={type === "email" || type === "url" || type === "uri" ? type : "text"}
      value={text}
      onChange={(event) => take(event.currentTarget.value)}
    />
  );
}

function YesOrNo(props: WidgetProps) {
  const { id, schema, value, onChange, onBlur } = props;
  const stands = (value as boolean | undefined) ?? (schema.default as boolean | undefined) ?? false;
  return (
    <Checkbox
      {...about(props)}
      disabled={props.disabled || props.readonly}
      // A box that must be ticked is not what "required" says of a boolean.
      required={false}
      checked={stands}
      onChange={(event) => onChange(event.currentTarget.checked)}
      onBlur={() => onBlur(id, value)}
    />
  );
}

/** One or several of what is listed; each with what it means, where the schema says so. */
function Choice(props: WidgetProps) {
  const { id, schema, value, onChange, onBlur, options, multiple } = props;
  const listed = options.enumOptions ?? [];
  const data = listed.map(({ label }, index) => ({ value: String(index), label }));
  const at = (chosen: unknown) => {
    const index = listed.findIndex((option) => same(option.value, chosen));
    return index < 0 ? null : String(index);
  };
  const means = (index: string) => listed[Number(index)]?.schema?.description;
  const renderOption = ({ option }: { option: { value: string; label?: string } }) => (
    <div>
      <Text fz="sm">{option.label}</Text>
      {means(option.value) && (
        <Text fz="xs" c="dimmed">
          {means(option.value)}
        </Text>
      )}
    </div>
  );
  const shared = {
    ...about(props),
    data,
    placeholder: byDefault(schema) ?? "Choose",
    onBlur: () => onBlur(id, value),
    renderOption,
  };
  if (multiple) {
    return (
      <MultiSelect
        {...shared}
        value={((value as unknown[] | undefined) ?? []).map(at).filter((index) => index !== null)}
        onChange={(chosen) => onChange(chosen.map((index) => listed[Number(index)]?.value))}
      />
    );
  }
  return (
    <Select
      {...shared}
      value={at(value)}
      clearable={!props.required}
      onChange={(index) => onChange(index === null ? undefined : listed[Number(index)]?.value)}
    />
  );
}

const same = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);

function Name({ title }: { title?: string }) {
  return title ? (
    <Text component="span" fw={560} fz="sm">
      {title}
    </Text>
  ) : null;
}

function Described({ id, description }: DescriptionFieldProps) {
  return description ? (
    <Text id={id} fz="xs" c="dimmed" component="div">
      {description}
    </Text>
  ) : null;
}

function ObjectFields(props: ObjectFieldTemplateProps) {
  const { title, description, properties, schema, uiSchema, formData, registry } = props;
  const { disabled, readonly, fieldPathId, onAddProperty } = props;
  const { AddButton } = registry.templates.ButtonTemplates;
  const isRoot = fieldPathId.path.length === 0;
  const fields = (
    <Stack gap="md">
      {description && !isRoot && (
        <Text fz="xs" c="dimmed">
          {description}
        </Text>
      )}
      {properties.filter(({ hidden }) => !hidden).map(({ content }) => content)}
      {canExpand(schema, uiSchema, formData) && !readonly && (
        <Group justify="flex-start">
          <AddButton
            id={buttonId(fieldPathId, "add")}
            disabled={disabled || readonly}
            onClick={onAddProperty}
            uiSchema={uiSchema}
            registry={registry}
          />
        </Group>
      )}
    </Stack>
  );
  return isRoot || !title ? (
    <div id={fieldPathId.$id}>{fields}</div>
  ) : (
    <Fieldset legend={<Name title={title} />} id={fieldPathId.$id}>
      {fields}
    </Fieldset>
  );
}

function Entries(props: ArrayFieldTemplateProps) {
  const { title, schema, items, canAdd, onAddClick, disabled, readonly, fieldPathId } = props;
  const { registry, uiSchema, rawErrors } = props;
  const { AddButton } = registry.templates.ButtonTemplates;
  const usual = byDefault(schema);
  return (
    <Fieldset legend={<Name title={title} />} id={fieldPathId.$id}>
      <Stack gap="sm">
        {(schema.description || usual) && (
          <Text fz="xs" c="dimmed">
            {[schema.description, usual && items.length === 0 && `${usual}.`]
              .filter(Boolean)
              .join(" ")}
          </Text>
        )}
        {items}
        {items.length === 0 && readonly && (
          <Text fz="sm" c="dimmed">
            None.
          </Text>
        )}
        {rawErrors && rawErrors.length > 0 && (
          <Text fz="xs" c="var(--mantine-color-error)" role="alert">
            {rawErrors.join("\n")}
          </Text>
        )}
        {canAdd && !readonly && (
          <Group justify="flex-start">
            <AddButton
              id={buttonId(fieldPathId, "add")}
              disabled={disabled}
              onClick={onAddClick}
              uiSchema={uiSchema}
              registry={registry}
            />
          </Group>
        )}
      </Stack>
    </Fieldset>
  );
}

/** Errors and descriptions are the fields' own; of objects, errors stand below them. */
function Field(props: FieldTemplateProps) {
  const { hidden, children, rawErrors, schema, registry, uiSchema } = props;
  const Wrap = getTemplate("WrapIfAdditionalTemplate", registry, undefined);
  if (hidden) return <div hidden>{children}</div>;
  const isObject = [schema.type].flat().includes("object");
  return (
    <Wrap {...props} uiSchema={uiSchema}>
      {children}
      {isObject && rawErrors && rawErrors.length > 0 && (
        <Text fz="xs" c="var(--mantine-color-error)" role="alert" mt={4}>
          {rawErrors.join("\n")}
        </Text>
      )}
    </Wrap>
  );
}

export const templates: Partial<TemplatesType> = {
  ArrayFieldTemplate: Entries,
  ArrayFieldTitleTemplate: (props: ArrayFieldTitleProps) => <Name title={props.title} />,
  BaseInputTemplate: BaseInput,
  DescriptionFieldTemplate: Described,
  FieldTemplate: Field,
  ObjectFieldTemplate: ObjectFields,
  TitleFieldTemplate: (props: TitleFieldProps) => <Name title={props.title} />,
};

export const widgets: RegistryWidgetsType = {
  CheckboxWidget: YesOrNo,
  SelectWidget: Choice,
  CheckboxesWidget: Choice,
};
