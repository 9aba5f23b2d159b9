/** Setting a secret, or replacing its value with some time in which the old one still signs. */
import { Button, Group, Modal, PasswordInput, Select, Stack, Text, TextInput } from "@mantine/core";
import { useState } from "react";
import { api, type Schemas } from "@/api/client";
import { detailsAt, problemOf } from "@/api/problem";
import { outdated } from "@/api/queries";
import { ProblemAlert } from "@/parts/problem-alert";
import { tellDone } from "@/parts/tell";

const HOUR = 3_600;
const DAY = 24 * HOUR;
const OVERLAPS = [
  { value: "0", label: "Not at all: it has leaked" },
  { value: String(HOUR), label: "An hour" },
  { value: String(DAY), label: "A day" },
  { value: String(7 * DAY), label: "7 days" },
  { value: String(30 * DAY), label: "30 days" },
];
const KNOWN = ["/value", "/overlap_seconds", "/name"];

export function SetSecret({
  secret,
  onClose,
}: {
  secret?: Schemas["ShownSecret"];
  onClose: () => void;
}) {
  const [name, setName] = useState(secret?.name ?? "");
  const [value, setValue] = useState("");
  const [overlap, setOverlap] = useState(String(DAY));
  const put = api.useMutation("put", "/api/v1/secrets/{name}", {
    onSuccess: () => {
      outdated("/secrets");
      tellDone(secret ? `${name} has a new value` : `${name} is stored`);
      onClose();
    },
    // The value is in the request, and stays no longer than that.
    gcTime: 0,
  });
  const problem = put.error ? problemOf(put.error) : undefined;
  return (
    <Modal opened onClose={onClose} title={secret ? `Replace ${secret.name}` : "Set a secret"}>
      <form
        autoComplete="off"
        onSubmit={(event) => {
          event.preventDefault();
          put.mutate({
            params: { path: { name: name.trim() } },
            body: { value, overlap_seconds: secret ? Number(overlap) : undefined },
          });
        }}
      >
        <Stack>
          {!secret && (
            <TextInput
              label="Name"
              description="What hooks call it: letters, digits, _ and -."
              placeholder="tracker_token"
              value={name}
              onChange={(event) => setName(event.currentTarget.value)}
              error={detailsAt(problem, "/name")}
              required
              data-autofocus
            />
          )}
          <PasswordInput
            label="Value"
            description="Stored encrypted, and never shown again."
            value={value}
            onChange={(event) => setValue(event.currentTarget.value)}
            autoComplete="new-password"
            error={detailsAt(problem, "/value")}
            required
            data-autofocus={secret ? true : undefined}
          />
          {secret && (
            <Select
              label="The old one still signs for"
              description="Receivers of webhooks accept either meanwhile; each has two signatures."
              data={OVERLAPS}
              value={overlap}
              onChange={(overlap) => overlap && setOverlap(overlap)}
              error={detailsAt(problem, "/overlap_seconds")}
            />
          )}
          {!secret && (
            <Text fz="xs" c="dimmed">
              Where there is one of this name, this replaces it; the value before signs for a day.
            </Text>
          )}
          <ProblemAlert error={put.error} known={KNOWN} />
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button
              type="submit"
              loading={put.isPending}
              disabled={name.trim() === "" || value === ""}
            >
              {secret ? "Replace" : "Store it"}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
