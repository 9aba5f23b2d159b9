/** Plain text that can be edited, such as a script. Loaded where it is first needed. */
import { Input, Skeleton } from "@mantine/core";
import { lazy, type ReactNode, Suspense } from "react";

const Editor = lazy(() => import("./code-editor-inner"));

export function CodeEditor({
  label,
  description,
  error,
  value,
  onChange,
  minHeight = 200,
  maxHeight = 620,
  readOnly = false,
}: {
  label: string;
  description?: ReactNode;
  error?: ReactNode;
  value: string;
  onChange?: (text: string) => void;
  minHeight?: number;
  maxHeight?: number;
  readOnly?: boolean;
}) {
  return (
    <Input.Wrapper label={label} description={description} error={error} labelElement="div">
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
