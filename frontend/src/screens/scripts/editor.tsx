/** A script as it is now, and what it is to be. */
import { Alert, Box, Button, Group, Skeleton, Stack, Text } from "@mantine/core";
import { useEffect, useState } from "react";
import { problemOf } from "@/api/problem";
import { outdated } from "@/api/queries";
import { CodeEditor } from "@/parts/code-editor";
import { ProblemAlert } from "@/parts/problem-alert";
import { tellDone } from "@/parts/tell";
import { sayBytes } from "@/parts/time";
import { useUnsaved } from "@/parts/unsaved";
import { Diff } from "./diff";
import { type Script, useScriptDiff, writeScript } from "./store";

export function ScriptEditor({
  path,
  script,
  readOnly,
}: {
  path: string;
  script: Script;
  readOnly: boolean;
}) {
  const [base, setBase] = useState(script);
  const [text, setText] = useState(script.text ?? "");
  const [error, setError] = useState<unknown>();
  const [isBusy, setBusy] = useState(false);
  const isChanged = text !== base.text;
  // Not merely another: until it is asked for again, `script` is what it was before one's own.
  const isStale = script.version > base.version;
  const theirs = useScriptDiff(path, base.version, script.version, isStale && isChanged);
  const { question } = useUnsaved(isChanged && !readOnly);
  const begin = (script: Script) => {
    setBase(script);
    setText(script.text ?? "");
    setError(undefined);
  };
  useEffect(() => {
    if (isStale && !isChanged) begin(script);
  }, [isStale, isChanged, script]);
  if (base.text === undefined) {
    return (
      <Alert color="gray">
        It is no text: {sayBytes(base.size)} that can be pushed from a desk, and not edited here.
      </Alert>
    );
  }
  const save = async (onlyIf: string) => {
    setBusy(true);
    setError(undefined);
    try {
      const saved = await writeScript(path, text, onlyIf);
      setBase({ ...base, text, version: saved.version, etag: `"${saved.digest}"` });
      tellDone(`${path} is saved, version ${saved.version}`);
    } catch (error) {
      setError(error);
      // Somebody was quicker: show what it is now.
      if (problemOf(error).status === 412) outdated("/scripts");
    }
    setBusy(false);
  };
  return (
    <Stack gap="sm">
      {isStale && isChanged && (
        <Alert color="orange" title={`Somebody saved version ${script.version} meanwhile`}>
          <Group justify="space-between">
            <Text fz="sm">
              What you see is version {base.version} with your changes. This is what they changed:
            </Text>
            <Group gap="xs">
              <Button size="xs" variant="default" onClick={() => begin(script)}>
                Take theirs
              </Button>
              <Button size="xs" loading={isBusy} onClick={() => void save(script.etag)}>
                Save mine over it
              </Button>
            </Group>
          </Group>
          <Box mt="sm">
            <ProblemAlert error={theirs.error} />
            {theirs.isPending && <Skeleton h={80} />}
            {theirs.data !== undefined && (
              <Diff
                text={theirs.data}
                label={`From version ${base.version} to version ${script.version}`}
              />
            )}
          </Box>
        </Alert>
      )}
      {!(isStale && isChanged) && <ProblemAlert error={error} />}
      <CodeEditor
        label="Content"
        value={text}
        onChange={setText}
        readOnly={readOnly}
        minHeight={320}
        maxHeight={680}
      />
      {!readOnly && (
        <Group justify="flex-end">
          <Text fz="sm" c="dimmed" role="status">
            {isChanged ? "Not saved yet" : `Saved, version ${base.version}`}
          </Text>
          {isChanged && (
            <Button variant="subtle" color="gray" onClick={() => setText(base.text ?? "")}>
              Undo the changes
            </Button>
          )}
          <Button
            disabled={!isChanged || isStale}
            loading={isBusy}
            onClick={() => void save(base.etag)}
          >
            Save
          </Button>
        </Group>
      )}
      {question}
    </Stack>
  );
}
