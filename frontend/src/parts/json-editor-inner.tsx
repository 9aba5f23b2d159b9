import { json, jsonParseLinter } from "@codemirror/lang-json";
import { linter, lintGutter } from "@codemirror/lint";
import type { EditorProps } from "./editor-field";
import Editor from "./editor-inner";

const parse = jsonParseLinter();
const SHOWN = [json()];
const EDITED = [
  json(),
  lintGutter(),
  linter((view) => (view.state.doc.length === 0 ? [] : parse(view))),
];

export default function JsonEditor(props: EditorProps) {
  return <Editor {...props} language={props.readOnly ? SHOWN : EDITED} />;
}
