/** What a shell or Python hook runs, and what it may touch. */
import { Alert, Radio, SegmentedControl, Stack, TagsInput, Text } from "@mantine/core";
import { IconShieldOff } from "@tabler/icons-react";
import { useMay } from "@/api/session";
import { without } from "./draft";
import { ChoiceField, SwitchField, TextField, useField, useForm } from "./field";
import { ScriptLimits } from "./limits";
import { ACCESS, DirectoriesField, PairsField, TextsField } from "./list-fields";
import { ScriptField } from "./script-field";
import { Section } from "./section";

export function ScriptConfig() {
  const { draft } = useForm();
  const isPython = draft.hook_type === "python";
  return (
    <>
      <Section
        title="What it runs"
        says={
          <>
            The script is told everything as JSON on stdin and in a file; its exit status is its
            answer, or a result that it writes.
          </>
        }
      >
        <ScriptField />
        <TextsField
          pointer="/config/args"
          label="Arguments"
          item="argument"
          help="Each arrives as it is. No shell ever reads them."
        />
        <PairsField
          pointer="/config/env"
          label="Environment"
          item="variable"
          name="Name"
          help="Beside Stagehook's own variables. Nothing of the server's environment is there."
        />
        {isPython && <PythonEnvironment />}
      </Section>
      <ScriptGrants />
      <Section
        title="Limits"
        says="How much it may use. What is left empty has the value that is shown."
      >
        <ScriptLimits />
      </Section>
    </>
  );
}

function PythonEnvironment() {
  const venv = useField<string>("/config/venv");
  const requirements = useField<string[] | string>("/config/requirements");
  const kind =
    venv.value !== undefined
      ? "venv"
      : typeof requirements.value === "string"
        ? "file"
        : requirements.value !== undefined
          ? "list"
          : "script";
  const { draft, change, readOnly } = useForm();
  const choose = (kind: string) => {
    const config = without(draft.config, "venv", "requirements");
    const chosen: Record<string, object> = {
      venv: { venv: "" },
      file: { requirements: "" },
      list: { requirements: [] },
    };
    change({ ...draft, config: { ...config, ...chosen[kind] } });
  };
  return (
    <Stack gap="sm">
      <div>
        <Text fz="sm" fw={500} id="packages">
          Packages
        </Text>
        <SegmentedControl
          mt={4}
          aria-labelledby="packages"
          value={kind}
          onChange={choose}
          readOnly={readOnly}
          data={[
            { value: "script", label: "As the script says" },
            { value: "list", label: "List" },
            { value: "file", label: "Requirements file" },
            { value: "venv", label: "Own environment" },
          ]}
        />
      </div>
      {kind === "script" && (
        <Text fz="sm" c="dimmed">
          A block of inline metadata in the script (PEP 723) names its packages. Without one it runs
          with the server's Python, and no further packages.
        </Text>
      )}
      {kind === "list" && (
        <TagsInput
          label="Requirements"
          description="One package each, with its versions. The environment is built when the hook is saved."
          placeholder="pillow==11.0"
          value={Array.isArray(requirements.value) ? requirements.value : []}
          onChange={(value) => requirements.set(value)}
          error={requirements.error}
          readOnly={readOnly}
          splitChars={[" ", "\n"]}
        />
      )}
      {kind === "file" && (
        <TextField
          pointer="/config/requirements"
          label="Requirements file"
          help="Its path, relative to a scripts directory or beside the script in the store."
          placeholder="grading/requirements.txt"
          required
          mono
        />
      )}
      {kind === "venv" && (
        <TextField
          pointer="/config/venv"
          label="Environment"
          help="The name of a virtual environment that an administrator made on the server."
          placeholder="grading"
          required
          mono
        />
      )}
      <SwitchField
        pointer="/config/warm"
        label="Keep an interpreter warm"
        help="Runs are forked from one that has done its imports, which is faster. Not with access to the segment's folder, nor for a trusted hook."
      />
    </Stack>
  );
}

function ScriptGrants() {
  const { value, set, error, readOnly } = useField<string>("/config/sandbox");
  const mayAdmin = useMay("admin");
  const isTrusted = value === "trusted";
  return (
    <Section
      title="Grants"
      says="What it may touch beyond its own directory, which is gone when it ends. By default that is nothing: no network, no file of the server, no other process."
    >
      <Radio.Group
        label="Sandbox"
        value={value ?? "confined"}
        onChange={(value) => set(value === "trusted" ? value : undefined)}
        error={error}
        readOnly={readOnly}
      >
        <Stack gap="xs" mt={6}>
          <Radio
            value="confined"
            label="Confined"
            description="It sees the system's programs, its own directory, and what is granted below."
          />
          <Radio
            value="trusted"
            label="Trusted"
            disabled={!mayAdmin && !isTrusted}
            description="It runs without a sandbox. Only an administrator can save it."
          />
        </Stack>
      </Radio.Group>
      {isTrusted && (
        <Alert color="orange" icon={<IconShieldOff size={18} />} title="Nothing keeps it in">
          It runs as the user that the server runs as: it can read and change whatever the server
          can, the server's data and keys included.
        </Alert>
      )}
      <ChoiceField
        pointer="/config/grants/segment"
        label="The segment's folder"
        help="The folder of the file at hand, at /segment."
        none="No access"
        choices={ACCESS}
      />
      <SwitchField
        pointer="/config/grants/network"
        label="Network"
        help="It may open connections to any address, the server's own included."
      />
      <DirectoriesField />
    </Section>
  );
}
