/** A new script, from a template that runs. */
import { Button, Group, Modal, SegmentedControl, Stack, Text, TextInput } from "@mantine/core";
import { useState } from "react";
import { CodeEditor } from "@/parts/code-editor";
import { ProblemAlert } from "@/parts/problem-alert";
import { SCRIPT_TEMPLATES } from "./templates";
import { isPushed, writeScript } from "./store";

type Language = keyof typeof SCRIPT_TEMPLATES;
const ENDING = { python: ".py", shell: ".sh" } as const;

export function NewScript({
  language: given,
  path: wanted,
  onMade,
  onClose,
}: {
  /** Where it is known from what it is for. */
  language?: Language;
  path?: string;
  onMade: (path: string) => void;
  onClose: () => void;
}) {
  const [language, setLanguage] = useState<Language>(given ?? "python");
  const [path, setPath] = useState(wanted || `hooks/my_script${ENDING[given ?? "python"]}`);
  const [text, setText] = useState<string>(SCRIPT_TEMPLATES[language]);
  const [error, setError] = useState<unknown>();
  const [isBusy, setBusy] = useState(false);
  const save = async () => {
    setBusy(true);
    setError(undefined);
    try {
      if (await isPushed(path)) {
        throw new Error(`${path} is in the store already. Choose another path, or edit that one.`);
      }
      await writeScript(path, text);
      onMade(path);
    } catch (error) {
      setError(error);
      setBusy(false);
    }
  };
  const choose = (next: Language) => {
    if (text === SCRIPT_TEMPLATES[language]) setText(SCRIPT_TEMPLATES[next]);
    if (path.endsWith(ENDING[language])) {
      setPath(path.slice(0, -ENDING[language].length) + ENDING[next]);
    }
    setLanguage(next);
  };
  return (
    <Modal opened onClose={onClose} title="New script" size="xl">
      <Stack>
        <Text fz="sm" c="dimmed">
          It is kept in the script store: every server on this database has it, and every version of
          it stays.
        </Text>
        <Group align="flex-end">
          <TextInput
            flex={1}
            label="Path"
            description="Its folder and name. Scripts of the same folder are there when it runs."
            value={path}
            onChange={(event) => setPath(event.currentTarget.value)}
            required
            data-autofocus
            styles={{ input: { fontFamily: "var(--mantine-font-family-monospace)" } }}
          />
          {!given && (
            <SegmentedControl
              aria-label="Language"
              value={language}
              onChange={(value) => choose(value as Language)}
              data={[
                { value: "python", label: "Python" },
                { value: "shell", label: "Shell" },
              ]}
            />
          )}
        </Group>
        <CodeEditor label="Script" value={text} onChange={setText} maxHeight={420} />
        <ProblemAlert error={error} />
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button onClick={save} loading={isBusy} disabled={path.trim() === ""}>
            Save script
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
