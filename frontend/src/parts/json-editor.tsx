/** JSON that can be edited, checked as it is typed. Loaded where it is first needed: it is large. */
import { Input, Loader } from "@mantine/core";
import { lazy, type ReactNode, Suspense, useId } from "react";

const Editor = lazy(() => import("./json-editor-inner"));

export function JsonEditor({
  label,
  description,
  error,
  value,
  onChange,
  minHeight = 160,
  maxHeight = 480,
  readOnly = false,
  isLabelHidden = false,
}: {
  label: string;
  description?: ReactNode;
  error?: ReactNode;
  /** The text; whether it is JSON is for whoever uses it (`parseJson`). */
  value: string;
  onChange?: (text: string) => void;
  minHeight?: number;
  maxHeight?: number;
  readOnly?: boolean;
  /** Where a heading says it already. */
  isLabelHidden?: boolean;
}) {
  const id = useId();
  return (
    <Input.Wrapper
      label={isLabelHidden ? undefined : label}
      description={description}
      error={error}
      labelElement="div"
      id={id}
    >
      <Suspense fallback={<Loader size="sm" aria-label="Loading the editor" />}>
        <Editor
          label={label}
          value={value}
          onChange={onChange}
          minHeight={minHeight}
          maxHeight={maxHeight}
          readOnly={readOnly}
        />
      </Suspense>
    </Input.Wrapper>
  );
}

/** The value of a JSON text, or why it is none. An empty text is `undefined`. */
export function parseJson(text: string): { value?: unknown; error?: string } {
  if (text.trim() === "") return { value: undefined };
  try {
    return { value: JSON.parse(text) as unknown };
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) };
  }
}

export const writeJson = (value: unknown): string => JSON.stringify(value, null, 2) ?? "";
