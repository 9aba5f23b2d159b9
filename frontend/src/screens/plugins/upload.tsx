/** Publishing a component: looked at first, with what is wrong and what to do, then published. */
import { Button, FileButton, Group, Loader, Modal, Stack, Text } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { IconFileUpload } from "@tabler/icons-react";
import { useState } from "react";
import { useNavigate } from "react-router";
import { outdated } from "@/api/queries";
import { ProblemAlert } from "@/parts/problem-alert";
import { tellDone } from "@/parts/tell";
import { sayBytes } from "@/parts/time";
import { type ComponentFile, publishComponent, validateComponent } from "./component-file";
import classes from "./upload.module.css";
import { Report } from "./report";

const COMPONENT = ".wasm,application/wasm";

export function UploadPlugin({ onClose }: { onClose: () => void }) {
  const navigate = useNavigate();
  const [component, setComponent] = useState<ComponentFile>();
  const [isOver, setOver] = useState(false);
  const look = useMutation({ mutationFn: validateComponent });
  const publish = useMutation({
    mutationFn: publishComponent,
    onSuccess: (version) => {
      outdated("/plugins");
      tellDone(`${version.name} ${version.version} is published`);
      void navigate(`/plugins/${version.name}/${version.version}`);
    },
  });
  const take = async (files: readonly File[]) => {
    const file = files.find(({ name }) => !name.endsWith(".sig"));
    const signed = files.find(({ name }) => name.endsWith(".sig"));
    const signature = signed ? (await signed.text()).trim() : undefined;
    const chosen = file
      ? { file, signature }
      : component && signature
        ? { ...component, signature }
        : undefined;
    if (!chosen) return;
    setComponent(chosen);
    publish.reset();
    look.mutate(chosen);
  };
  const report = look.data;
  return (
    <Modal opened onClose={onClose} title="Upload a plugin" size={760}>
      <Stack>
        {/* Dropping is a second way; the button does the same from the keyboard. */}
        <div
          role="group"
          aria-label="The component"
          className={classes.drop}
          data-over={isOver || undefined}
          onDragOver={(event) => {
            event.preventDefault();
            setOver(true);
          }}
          onDragLeave={() => setOver(false)}
          onDrop={(event) => {
            event.preventDefault();
            setOver(false);
            void take([...event.dataTransfer.files]);
          }}
        >
          <IconFileUpload size={28} stroke={1.5} aria-hidden />
          <div>
            <Text fz="sm" fw={560}>
              {component ? component.file.name : "Drag a component here, or choose it"}
            </Text>
            <Text fz="xs" c="dimmed">
              {component
                ? `${sayBytes(component.file.size)}${component.signature ? ", with a signature" : ""}`
                : "A .wasm file, and the .sig beside it where it is signed. It is looked at before it is published."}
            </Text>
          </div>
          <FileButton onChange={(files) => void take(files)} accept={`${COMPONENT},.sig`} multiple>
            {(props) => (
              <Button variant="default" size="xs" {...props} data-autofocus>
                {component ? "Choose another" : "Choose a file"}
              </Button>
            )}
          </FileButton>
        </div>
        {look.isPending && (
          <Group gap="sm" role="status">
            <Loader size={16} />
            <Text fz="sm">Compiling it and asking it what it is. This can take some seconds.</Text>
          </Group>
        )}
        <ProblemAlert error={look.error} />
        {report && !look.isPending && <Report report={report} />}
        <ProblemAlert error={publish.error} />
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button
            disabled={!report?.valid || look.isPending}
            loading={publish.isPending}
            onClick={() => component && publish.mutate(component)}
          >
            {report?.valid && report.manifest
              ? `Publish ${report.manifest.name} ${report.manifest.version}`
              : "Publish"}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
