/** JSON that can be edited, checked as it is typed. */
import { lazy } from "react";
import { EditorField, type EditorFieldProps } from "./editor-field";

const Editor = lazy(() => import("./json-editor-inner"));

/** The value is a text; whether it is JSON is for whoever uses it (`parseJson`). */
export function JsonEditor(props: EditorFieldProps) {
  return <EditorField {...props} editor={Editor} />;
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
