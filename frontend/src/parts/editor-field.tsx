/** An editor with its label; the editor itself is loaded where it is first needed: it is large. */
import { Input, Skeleton } from "@mantine/core";
import { type ComponentType, type ReactNode, Suspense } from "react";

/** What every editor is told. */
export type EditorProps = {
  label: string;
  value: string;
  onChange?: (text: string) => void;
  minHeight: number;
  maxHeight: number;
  readOnly: boolean;
};

export type EditorFieldProps = {
  label: string;
  description?: ReactNode;
  error?: ReactNode;
  value: string;
  onChange?: (text: string) => void;
  minHeight?: number;
  maxHeight?: number;
  readOnly?: boolean;
  /** Where a heading says it already. */
  isLabelHidden?: boolean;
};

export function EditorField({
  editor: Editor,
  label,
  description,
  error,
  value,
  onChange,
  minHeight = 160,
  maxHeight = 480,
  readOnly = false,
  isLabelHidden = false,
}: EditorFieldProps & { editor: ComponentType<EditorProps> }) {
  return (
    <Input.Wrapper
      label={isLabelHidden ? undefined : label}
      description={description}
      error={error}
      labelElement="div"
    >
      <Suspense fallback={<Skeleton h={minHeight} aria-label="Loading the editor" />}>
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
