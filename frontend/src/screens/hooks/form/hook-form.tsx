/** The form of a hook, new or known. */
import { Alert, Button, Group, Switch, Text } from "@mantine/core";
import { IconUsers } from "@tabler/icons-react";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { client } from "@/api/client";
import { type Problem, problemOf } from "@/api/problem";
import { useMay } from "@/api/session";
import type { Hook, HookType } from "@/parts/hook-words";
import { ProblemAlert } from "@/parts/problem-alert";
import { useUnsaved } from "@/parts/unsaved";
import { Conflict } from "../conflict";
import { Delivery } from "./delivery";
import { bodyOf, changesOf, type Draft, draftOf, withValue } from "./draft";
import { Failure } from "./failure";
import { FormProvider, LongTextField, showUnfit, TextField } from "./field";
import classes from "./hook-form.module.css";
import { Scope } from "./scope";
import { ScriptConfig } from "./script-config";
import { Section } from "./section";
import { Trigger } from "./trigger";
import { TypeChoice } from "./type-choice";
import { WasmConfig } from "./wasm-config";
import { WebhookConfig } from "./webhook-config";

export type Saved = Hook & { warnings?: string[] };

export function HookForm({
  initial,
  hook,
  onSaved,
  onCancel,
}: {
  initial: Draft;
  /** The hook that is changed; none where a new one is made. */
  hook?: Hook;
  onSaved: (saved: Saved) => void;
  onCancel?: () => void;
}) {
  const readOnly = !useMay("editor");
  const [base, setBase] = useState(hook);
  const [start, setStart] = useState(initial);
  const [draft, setDraft] = useState(initial);
  // Fields with a memory of their own begin anew with another hook in them.
  const [generation, setGeneration] = useState(0);
  const [problem, setProblem] = useState<Problem>();
  const [isBusy, setBusy] = useState(false);
  const [isComparing, setComparing] = useState(false);
  const [known] = useState(() => new Set<string>());
  const form = useRef<HTMLFormElement>(null);

  const isChanged = useMemo(() => changesOf(start, draft).length > 0, [start, draft]);
  const isStale = hook !== undefined && base !== undefined && hook.version > base.version;
  const adopt = useCallback((hook: Hook) => {
    const next = draftOf(hook);
    setBase(hook);
    setStart(next);
    setDraft(next);
    setGeneration((before) => before + 1);
    setProblem(undefined);
  }, []);
  useEffect(() => {
    if (!isStale || !hook || !base) return;
    // Somebody else changed it, and nothing was typed here: this is what it is now.
    if (!isChanged) return adopt(hook);
    // It was but switched, such as above this form, which takes nothing of what was typed.
    if (changesOf(draftOf(base), draftOf(hook)).every(({ path }) => path[0] === "enabled")) {
      const { enabled } = hook;
      setBase(hook);
      setStart((start) => ({ ...start, enabled }));
      setDraft((draft) => ({ ...draft, enabled }));
    }
  }, [isStale, isChanged, hook, base, adopt]);

  const { question, settle } = useUnsaved(isChanged);

  // To the first thing that is wrong, once it is shown.
  useEffect(() => {
    if (!problem) return;
    const find = (what: string) => form.current?.querySelector<HTMLElement>(what);
    const wrong = find("[aria-invalid=true]") ?? find("[role=alert]");
    wrong?.scrollIntoView({ block: "center" });
    wrong?.focus();
  }, [problem]);

  const save = async (version = base?.version) => {
    setBusy(true);
    setProblem(undefined);
    const answer =
      hook && version !== undefined
        ? await client.PUT("/api/v1/hooks/{id}", {
            params: { path: { id: hook.id } },
            body: { ...bodyOf(draft), version },
          })
        : await client.POST("/api/v1/hooks", { body: bodyOf(draft) });
    setBusy(false);
    if (answer.data) {
      const saved: Saved = { ...base, ...answer.data };
      settle();
      adopt(saved);
      onSaved(saved);
      return;
    }
    const refused = problemOf(answer.error);
    if (hook && refused.type.endsWith("/stale-version")) {
      setComparing(true);
      return;
    }
    setProblem(refused);
  };

  const context = useMemo(
    () => ({
      draft,
      set: (pointer: string, value: unknown) =>
        setDraft((draft) => withValue(draft, pointer, value)),
      change: setDraft,
      problem,
      known,
      readOnly,
    }),
    [draft, problem, known, readOnly],
  );

  return (
    <FormProvider value={context}>
      <form
        ref={form}
        key={generation}
        className={classes.form}
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          if (!showUnfit(form.current)) void save();
        }}
      >
        {isStale && isChanged && (
          <Alert
            color="orange"
            icon={<IconUsers size={18} />}
            title="Somebody else changed this hook meanwhile"
          >
            <Group justify="space-between">
              <Text fz="sm">What you see is from before that.</Text>
              <Button size="xs" variant="default" onClick={() => setComparing(true)}>
                Look at both
              </Button>
            </Group>
          </Alert>
        )}
        <ProblemAlert error={problem} known={[...known]} />
        <Identity canChangeType={!hook} />
        <Trigger />
        <TypeConfig type={draft.hook_type} newerVersion={base?.newer_plugin_version} />
        <Failure />
        {draft.event !== undefined && <Delivery />}
        <Scope />
        {!readOnly && (
          <div className={classes.footer}>
            <Group gap="md">
              <Switch
                label="Switched on"
                checked={draft.enabled}
                onChange={(event) => setDraft({ ...draft, enabled: event.currentTarget.checked })}
              />
              <Text fz="sm" c="dimmed" role="status">
                {hook && (isChanged ? "Not saved yet" : `Saved, version ${base?.version}`)}
              </Text>
            </Group>
            <Group gap="xs">
              {hook && isChanged && (
                <Button
                  variant="subtle"
                  color="gray"
                  onClick={() => {
                    setDraft(start);
                    setGeneration(generation + 1);
                    setProblem(undefined);
                  }}
                >
                  Undo the changes
                </Button>
              )}
              {onCancel && (
                <Button variant="default" onClick={onCancel}>
                  Cancel
                </Button>
              )}
              <Button type="submit" loading={isBusy} disabled={hook && !isChanged}>
                {hook ? "Save" : "Create hook"}
              </Button>
            </Group>
          </div>
        )}
      </form>
      {isComparing && hook && base && (
        <Conflict
          base={base}
          mine={draft}
          onTheirs={(theirs) => {
            adopt(theirs);
            setComparing(false);
          }}
          onMine={async (theirs) => {
            setComparing(false);
            await save(theirs.version);
          }}
          onClose={() => setComparing(false)}
        />
      )}
      {question}
    </FormProvider>
  );
}

function TypeConfig({ type, newerVersion }: { type: HookType; newerVersion?: string | null }) {
  if (type === "webhook") return <WebhookConfig />;
  if (type === "wasm") return <WasmConfig newerVersion={newerVersion} />;
  return <ScriptConfig key={type} />;
}

function Identity({ canChangeType }: { canChangeType: boolean }) {
  return (
    <Section
      title="The hook"
      says="A hook is what to run, and what triggers it. Its name tells it from others of the same trigger and scope."
    >
      {canChangeType && <TypeChoice />}
      <TextField
        pointer="/name"
        label="Name"
        help="One that has the name of a hook from above overrides it."
        placeholder="color_grade"
        required
      />
      <LongTextField
        pointer="/description"
        label="Description"
        help="For people: what it is for, and whom to ask."
      />
    </Section>
  );
}
