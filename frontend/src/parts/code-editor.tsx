/** Plain text that can be edited, such as a script. */
import { lazy } from "react";
import { EditorField, type EditorFieldProps } from "./editor-field";

const Editor = lazy(() => import("./editor-inner"));

export function CodeEditor(props: EditorFieldProps) {
  return <EditorField minHeight={200} maxHeight={620} {...props} editor={Editor} />;
}
