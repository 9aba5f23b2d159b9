/** A new token, shown once. */
import {
  Button,
  Group,
  Modal,
  NumberInput,
  Radio,
  Stack,
  Text,
  Textarea,
  TextInput,
} from "@mantine/core";
import { IconCopy } from "@tabler/icons-react";
import { useState } from "react";
import { api, type Schemas } from "@/api/client";
import { detailsAt, problemOf } from "@/api/problem";
import { outdated } from "@/api/queries";
import { copy } from "@/parts/copy-button";
import { Notice } from "@/parts/notice";
import { ProblemAlert } from "@/parts/problem-alert";
import { sayMoment } from "@/parts/time";
import { ROLES } from "./roles";

const DAY_MS = 86_400_000;
const USUAL_DAYS = 90;
const KNOWN = ["/name", "/role", "/expires_in_days"];

export function CreateToken({ onClose }: { onClose: () => void }) {
  const [name, setName] = useState("");
  const [role, setRole] = useState<Schemas["Role"]>("viewer");
  const [days, setDays] = useState<number | undefined>(USUAL_DAYS);
  const create = api.useMutation("post", "/api/v1/tokens", {
    onSuccess: () => outdated("/tokens"),
    // It is shown in this dialog alone; nothing keeps it after that.
    gcTime: 0,
  });
  const refusal: unknown = create.error;
  const problem = refusal ? problemOf(refusal) : undefined;
  if (create.data) return <ShownOnce token={create.data} onClose={onClose} />;
  return (
    <Modal opened onClose={onClose} title="Create a token" size="lg">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          create.mutate({ body: { name: name.trim(), role, expires_in_days: days ?? null } });
        }}
      >
        <Stack>
          <TextInput
            label="Name"
            description="Who or what uses it. It stands beside everything that is done with it."
            placeholder="render farm"
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
            error={detailsAt(problem, "/name")}
            required
            data-autofocus
          />
          <Radio.Group
            label="Role"
            value={role}
            onChange={(role) => setRole(role as Schemas["Role"])}
            error={detailsAt(problem, "/role")}
          >
            <Stack gap={8} mt={6}>
              {ROLES.map(({ role, means }) => (
                <Radio key={role} value={role} label={role} description={means} />
              ))}
            </Stack>
          </Radio.Group>
          <NumberInput
            label="Expires in days"
            description={
              days === undefined
                ? "Empty: never. It is good until it is revoked."
                : `Good until ${sayMoment(new Date(Date.now() + days * DAY_MS).toISOString())}; then whoever uses it is refused. Empty: never.`
            }
            value={days ?? ""}
            onChange={(value) => setDays(typeof value === "number" ? value : undefined)}
            min={1}
            allowDecimal={false}
            error={detailsAt(problem, "/expires_in_days")}
          />
          <ProblemAlert error={refusal} known={KNOWN} />
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" loading={create.isPending} disabled={name.trim() === ""}>
              Create
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}

function ShownOnce({
  token,
  onClose,
}: {
  token: Schemas["ApiToken"] & { token: string };
  onClose: () => void;
}) {
  const [isCopied, setCopied] = useState(false);
  return (
    <Modal
      opened
      onClose={onClose}
      title={`${token.name} is created`}
      size="lg"
      closeOnClickOutside={false}
    >
      <Stack>
        <Notice tone="warn" title="Copy it now">
          This is the only time that it is shown. The server keeps a digest of it, and not the
          token.
        </Notice>
        <Textarea
          label="Token"
          value={token.token}
          readOnly
          autosize
          styles={{ input: { fontFamily: "var(--mantine-font-family-monospace)" } }}
          onFocus={(event) => event.currentTarget.select()}
        />
        <Group justify="space-between">
          <Text fz="sm" c="dimmed" role="status">
            {isCopied && "Copied"}
          </Text>
          <Group gap="xs">
            <Button
              variant="default"
              leftSection={<IconCopy size={16} aria-hidden />}
              onClick={async () => setCopied(await copy(token.token))}
              data-autofocus
            >
              Copy
            </Button>
            <Button onClick={onClose}>Done</Button>
          </Group>
        </Group>
      </Stack>
    </Modal>
  );
}
