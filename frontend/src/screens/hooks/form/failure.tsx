/** What the failure of a hook does. */
import { Radio, Stack } from "@mantine/core";
import { FAILURE_MODES } from "@/parts/hook-words";
import { useField, useForm } from "./field";
import { Section } from "./section";

export function Failure() {
  const { draft } = useForm();
  const { value, set, error, readOnly } = useField<string>("/failure_mode");
  const isEvent = draft.event !== undefined;
  return (
    <Section
      title="If it fails"
      says="A hook fails when it says so, exits with an error, takes too much, or cannot be run."
    >
      <Radio.Group
        label="Failure mode"
        value={value ?? "warn"}
        onChange={set}
        error={error}
        readOnly={readOnly}
      >
        <Stack gap="xs" mt={6}>
          {FAILURE_MODES.map(({ name, says, means }) => (
            <Radio
              key={name}
              value={name}
              label={says}
              disabled={isEvent && name === "block"}
              description={
                isEvent
                  ? name === "block"
                    ? "Not after events: nobody waits for the hook, so there is nothing to block."
                    : "The delivery is retried as it says below. The log tells of each attempt."
                  : means
              }
            />
          ))}
        </Stack>
      </Radio.Group>
    </Section>
  );
}
