import { Button, Group, Modal, Select, Stack, TextInput } from "@mantine/core";
import { useState } from "react";
import { api, type Schemas } from "@/api/client";
import { detailsAt, problemOf } from "@/api/problem";
import { outdated } from "@/api/queries";
import { type ExecutionStatus, sayStatus, STATUSES } from "@/parts/outcome";
import { ProblemAlert } from "@/parts/problem-alert";
import { tellDone } from "@/parts/tell";
import type { Sample } from "./sample";

export type TestCase = Schemas["TestCase"];

/** Keeps the input in the editor under a name, with what is expected of it. */
export function SaveCase({
  hookId,
  input,
  replaced,
  lastStatus,
  onSaved,
  onClose,
}: {
  hookId: number;
  input: Sample;
  /** Changed, where one is loaded; otherwise a new one is made. */
  replaced?: TestCase;
  /** How the run ended that is shown beside. */
  lastStatus?: ExecutionStatus;
  onSaved: (saved: TestCase) => void;
  onClose: () => void;
}) {
  const [name, setName] = useState(replaced?.name ?? "");
  const [expected, setExpected] = useState<string | null>(
    replaced?.expected_status ?? lastStatus ?? "passed",
  );
  const options = {
    onSuccess: (saved: TestCase) => {
      outdated("/hooks/{id}/test-cases");
      tellDone(`Saved the test case ${saved.name}`);
      onSaved(saved);
      onClose();
    },
  };
  const create = api.useMutation("post", "/api/v1/hooks/{id}/test-cases", options);
  const change = api.useMutation("put", "/api/v1/hooks/{id}/test-cases/{case_id}", {
    ...options,
    // Somebody changed it: the list shows what it is now.
    onError: () => outdated("/hooks/{id}/test-cases"),
  });
  const { error, isPending } = replaced ? change : create;
  const problem = error ? problemOf(error) : undefined;
  const isStale = problem?.type.endsWith("/stale-version") ?? false;
  const ofName =
    detailsAt(problem, "/name") ??
    (problem?.status === 409 && !isStale ? problem.detail : undefined);
  const save = () => {
    const body = {
      name: name.trim(),
      input: input as never,
      expected_status: (expected || null) as ExecutionStatus | null,
    };
    if (replaced) {
      const { id, version } = replaced;
      change.mutate({
        params: { path: { id: hookId, case_id: id } },
        body: { ...body, version },
      });
    } else create.mutate({ params: { path: { id: hookId } }, body });
  };
  return (
    <Modal
      opened
      onClose={onClose}
      title={replaced ? `Change the test case ${replaced.name}` : "Save as a test case"}
    >
      <form
        onSubmit={(event) => {
          event.preventDefault();
          save();
        }}
      >
        <Stack>
          <TextInput
            label="Name"
            description="What it tries, such as: peak above the limit"
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
            error={ofName}
            required
            withAsterisk={false}
            data-autofocus
          />
          <Select
            label="Expected"
            description="The test case passes when the hook ends like this."
            value={expected}
            onChange={setExpected}
            clearable
            placeholder="Anything"
            data={STATUSES.map((value) => ({ value, label: sayStatus(value) }))}
          />
          {!ofName && <ProblemAlert error={error} />}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" loading={isPending} disabled={name.trim() === ""}>
              Save
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
