/** Withdrawing a version, and offering it again. */
import { Button, Group, Modal, Stack, Text, TextInput } from "@mantine/core";
import { useState } from "react";
import { api, client } from "@/api/client";
import { detailsAt, problemOf } from "@/api/problem";
import { outdated } from "@/api/queries";
import { ProblemAlert } from "@/parts/problem-alert";
import { tellDone, tellRefused } from "@/parts/tell";
import type { PluginVersion } from "./words";

const pathOf = ({ name, version }: PluginVersion) => ({ name, version });

export function YankVersion({ plugin, onClose }: { plugin: PluginVersion; onClose: () => void }) {
  const [reason, setReason] = useState("");
  const unyank = useUnyank();
  const yank = api.useMutation("post", "/api/v1/plugins/{name}/{version}/yank", {
    onSuccess: () => {
      outdated("/plugins");
      tellDone(`${plugin.name} ${plugin.version} is yanked`, { undo: () => unyank(plugin) });
      onClose();
    },
  });
  const problem = yank.error ? problemOf(yank.error) : undefined;
  return (
    <Modal opened onClose={onClose} title={`Yank ${plugin.name} ${plugin.version}`}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          yank.mutate({ params: { path: pathOf(plugin) }, body: { yanked: true, reason } });
        }}
      >
        <Stack>
          <Text fz="sm">
            Hooks that run this version go on running it. No hook gets it anew, and requirements
            such as ^1.2 pass over it. It can be offered again at any time.
          </Text>
          <TextInput
            label="Reason"
            description="For whoever meets it later."
            placeholder="wrong for 29.97 fps"
            value={reason}
            onChange={(event) => setReason(event.currentTarget.value)}
            error={detailsAt(problem, "/reason")}
            data-autofocus
          />
          <ProblemAlert error={yank.error} known={["/reason"]} />
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={onClose}>
              Leave it
            </Button>
            <Button type="submit" color="red" loading={yank.isPending}>
              Yank it
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}

export function useUnyank() {
  return async (plugin: PluginVersion) => {
    const { error } = await client.POST("/api/v1/plugins/{name}/{version}/yank", {
      params: { path: pathOf(plugin) },
      body: { yanked: false },
    });
    if (error) return tellRefused("It is not offered again", error);
    outdated("/plugins");
    tellDone(`${plugin.name} ${plugin.version} is offered again`);
  };
}
