/** Where a hook applies, and what it does there to one of the same name. */
import { SegmentedControl, Select } from "@mantine/core";
import type { Schemas } from "@/api/client";
import { useScopes } from "@/parts/scopes";
import { NumberField, SwitchField, useField, useForm } from "./field";
import { Section } from "./section";

export function Scope() {
  const { draft, change, readOnly } = useForm();
  const scopes = useScopes();
  const id = useField<number>("/scope_id");
  const type = draft.scope_type;
  return (
    <Section
      title="Where it applies"
      says="A hook of the studio applies everywhere. One of a project or a scene type applies there, and replaces one of the same name and trigger that comes from above."
    >
      <SegmentedControl
        aria-label="Scope"
        value={type}
        readOnly={readOnly}
        onChange={(value) =>
          change({ ...draft, scope_type: value as Schemas["ScopeType"], scope_id: undefined })
        }
        data={[
          { value: "studio", label: "Studio" },
          { value: "project", label: "One project" },
          { value: "scene_type", label: "One scene type" },
        ]}
      />
      {type !== "studio" && (
        <Select
          label={type === "project" ? "Project" : "Scene type"}
          placeholder="Choose one"
          required
          searchable
          data={
            type === "project"
              ? scopes.projects.map(({ id, name }) => ({ value: String(id), label: name }))
              : scopes.sceneTypes.map(({ id }) => ({
                  value: String(id),
                  label: scopes.chain("scene_type", id).slice(1).join(" › "),
                }))
          }
          nothingFoundMessage="There is none of that name"
          value={id.value === undefined ? null : String(id.value)}
          onChange={(value) => id.set(value ? Number(value) : undefined)}
          error={id.error}
          readOnly={readOnly}
        />
      )}
      {type !== "studio" && (
        <SwitchField
          pointer="/extends"
          label="Call the one it overrides"
          help="The hook of the same name from above runs first, and its result is handed to this one. Otherwise it does not run."
        />
      )}
      <NumberField
        pointer="/sort_order"
        label="Order"
        help="Lower runs earlier. In the list it is set by dragging."
        usual={0}
      />
    </Section>
  );
}
