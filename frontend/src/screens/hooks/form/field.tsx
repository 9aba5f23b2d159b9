/** Fields that know their place in the hook: each shows what the server says of its own. */
import { NumberInput, Select, Switch, Textarea, TextInput } from "@mantine/core";
import { createContext, type ReactNode, useContext, useEffect } from "react";
import { detailsAt, type Problem } from "@/api/problem";
import { type Draft, valueAt } from "./draft";

type Form = {
  draft: Draft;
  set: (pointer: string, value: unknown) => void;
  change: (next: Draft) => void;
  problem: Problem | undefined;
  /** Pointers that have a field; what is said of others is shown above the form. */
  known: Set<string>;
  readOnly: boolean;
};

const FormContext = createContext<Form | null>(null);
export const FormProvider = FormContext.Provider;

export function useForm(): Form {
  const form = useContext(FormContext);
  if (!form) throw new Error("a field is outside of its form");
  return form;
}

export function useField<T>(pointer: string) {
  const { draft, set, problem, known, readOnly } = useForm();
  useEffect(() => {
    known.add(pointer);
    return () => {
      known.delete(pointer);
    };
  }, [known, pointer]);
  return {
    value: valueAt(draft, pointer) as T | undefined,
    set: (value: T | undefined) => set(pointer, value),
    error: detailsAt(problem, pointer),
    readOnly,
  };
}

/** Marks a field whose content the draft cannot hold. */
export const UNFIT = "data-unfit";

/** Goes to the first such field; whether there is one. */
export function showUnfit(form: HTMLElement | null): boolean {
  const unfit = form?.querySelector<HTMLElement>(`[${UNFIT}]`);
  unfit?.scrollIntoView({ block: "center" });
  unfit?.focus();
  return Boolean(unfit);
}

type Own = {
  pointer: string;
  label: string;
  help?: ReactNode;
  placeholder?: string;
};

export function TextField({
  pointer,
  label,
  help,
  placeholder,
  required = false,
  mono = false,
}: Own & { required?: boolean; mono?: boolean }) {
  const { value, set, error, readOnly } = useField<string>(pointer);
  return (
    <TextInput
      label={label}
      description={help}
      placeholder={placeholder}
      value={value ?? ""}
      onChange={(event) => set(event.currentTarget.value || (required ? "" : undefined))}
      error={error}
      required={required}
      readOnly={readOnly}
      styles={mono ? MONO : undefined}
    />
  );
}

export const MONO = { input: { fontFamily: "var(--mantine-font-family-monospace)" } };

export function LongTextField({ pointer, label, help }: Own) {
  const { value, set, error, readOnly } = useField<string>(pointer);
  return (
    <Textarea
      label={label}
      description={help}
      value={value ?? ""}
      onChange={(event) => set(event.currentTarget.value)}
      error={error}
      readOnly={readOnly}
      autosize
      minRows={2}
      maxRows={8}
    />
  );
}

export function NumberField({
  pointer,
  label,
  help,
  usual,
  unit,
  min,
  max,
}: Own & {
  /** What it is where nothing is given. */
  usual?: number;
  unit?: string;
  min?: number;
  max?: number;
}) {
  const { value, set, error, readOnly } = useField<number>(pointer);
  return (
    <NumberInput
      label={label}
      description={help}
      placeholder={usual === undefined ? "no limit" : usual.toLocaleString("en")}
      value={value ?? ""}
      onChange={(value) => set(typeof value === "number" ? value : undefined)}
      error={error}
      readOnly={readOnly}
      suffix={unit ? ` ${unit}` : undefined}
      thousandSeparator=","
      min={min}
      max={max}
      clampBehavior="none"
      allowDecimal={false}
    />
  );
}

export function SwitchField({ pointer, label, help }: Own) {
  const { value, set, error, readOnly } = useField<boolean>(pointer);
  return (
    <Switch
      label={label}
      description={help}
      checked={value ?? false}
      disabled={readOnly}
      onChange={(event) => set(event.currentTarget.checked || undefined)}
      error={error}
    />
  );
}

export function ChoiceField({
  pointer,
  label,
  help,
  choices,
  none,
}: Own & { choices: { value: string; label: string }[]; none?: string }) {
  const { value, set, error, readOnly } = useField<string>(pointer);
  return (
    <Select
      label={label}
      description={help}
      data={none ? [{ value: "", label: none }, ...choices] : choices}
      value={value ?? ""}
      onChange={(value) => set(value || undefined)}
      error={error}
      readOnly={readOnly}
    />
  );
}
