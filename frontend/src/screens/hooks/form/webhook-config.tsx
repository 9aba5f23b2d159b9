/** Where a webhook goes, and how the receiver knows who sent it. */
import { Radio, Select, SimpleGrid, Stack } from "@mantine/core";
import { WEBHOOK_LIMITS } from "@/parts/usual-limits";
import { NumberField, TextField, useField, useForm } from "./field";
import { PairsField } from "./list-fields";
import { SecretField } from "./secret-field";
import { Section } from "./section";

const AUTH = [
  { value: "none", label: "None" },
  { value: "bearer", label: "Bearer token" },
  { value: "basic", label: "User and password" },
  { value: "header", label: "A header of its own" },
];

export function WebhookConfig() {
  return (
    <>
      <Section
        title="What it calls"
        says="The hook's input is the body of the request. A status below 400 passes; an answer in the form of a result is taken as one."
      >
        <TextField
          pointer="/config/url"
          label="URL"
          help="http or https, without user and password."
          placeholder="https://tracker.example.com/hooks/shots"
          required
          mono
        />
        <SimpleGrid cols={{ base: 1, sm: 2 }}>
          <Method />
          <NumberField
            pointer="/config/timeout_seconds"
            label="Time"
            help="For the whole attempt."
            usual={WEBHOOK_LIMITS.timeout_seconds}
            unit="s"
            min={1}
            max={86_400}
          />
        </SimpleGrid>
        <PairsField
          pointer="/config/headers"
          label="Headers"
          item="header"
          name="Header"
          help="Beside Stagehook's own. Not for passwords: they would be in the hook's config."
        />
      </Section>
      <Section
        title="Who it is"
        says="Secrets are named here and never shown. Their values are set in the settings, or in the server's environment."
      >
        <Auth />
        <SecretField
          pointer="/config/secret"
          label="Signing secret"
          help="Signs each request, so that the receiver can tell it is from here."
        />
      </Section>
    </>
  );
}

function Method() {
  const { value, set, error, readOnly } = useField<string>("/config/method");
  return (
    <Select
      label="Method"
      description="How the body is sent."
      data={["POST", "PUT", "PATCH"]}
      value={value ?? "POST"}
      onChange={(value) => set(value === "POST" ? undefined : (value ?? undefined))}
      error={error}
      readOnly={readOnly}
    />
  );
}

function Auth() {
  const { draft, set, readOnly } = useForm();
  const auth = draft.config.auth as { type?: string; secret?: string } | undefined | null;
  const type = auth?.type ?? "none";
  const choose = (type: string) => {
    const made: Record<string, object> = {
      bearer: { type, secret: auth?.secret ?? "" },
      basic: { type, username: "", secret: auth?.secret ?? "" },
      header: { type, name: "", secret: auth?.secret ?? "" },
    };
    set("/config/auth", made[type]);
  };
  return (
    <Stack gap="sm">
      <Radio.Group label="Authentication" value={type} onChange={choose} readOnly={readOnly}>
        <Stack gap={8} mt={6}>
          {AUTH.map(({ value, label }) => (
            <Radio key={value} value={value} label={label} />
          ))}
        </Stack>
      </Radio.Group>
      {type === "bearer" && (
        <SecretField
          pointer="/config/auth/secret"
          label="Token"
          help="Sent as Authorization: Bearer."
        />
      )}
      {type === "basic" && (
        <SimpleGrid cols={{ base: 1, sm: 2 }}>
          <TextField pointer="/config/auth/username" label="User" help="In the clear." required />
          <SecretField pointer="/config/auth/secret" label="Password" help="By its name." />
        </SimpleGrid>
      )}
      {type === "header" && (
        <SimpleGrid cols={{ base: 1, sm: 2 }}>
          <TextField
            pointer="/config/auth/name"
            label="Header"
            help="Its name."
            placeholder="X-Api-Key"
            required
            mono
          />
          <SecretField
            pointer="/config/auth/secret"
            label="Value"
            help="The secret that is sent in it."
          />
        </SimpleGrid>
      )}
    </Stack>
  );
}
