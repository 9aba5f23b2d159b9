import { json, jsonParseLinter } from "@codemirror/lang-json";
import { linter, lintGutter } from "@codemirror/lint";
import { EditorView } from "@codemirror/view";
import { useComputedColorScheme } from "@mantine/core";
import CodeMirror from "@uiw/react-codemirror";
import { useMemo } from "react";
import classes from "./json-editor.module.css";

export default function Editor({
  label,
  value,
  onChange,
  minHeight,
  maxHeight,
  readOnly,
}: {
  label: string;
  value: string;
  onChange?: (text: string) => void;
  minHeight: number;
  maxHeight: number;
  readOnly: boolean;
}) {
  const scheme = useComputedColorScheme("light");
  const extensions = useMemo(() => {
    const parse = jsonParseLinter();
    return [
      json(),
      EditorView.lineWrapping,
      // Tab leaves the editor, as it leaves every other field (WCAG 2.1.2).
      EditorView.contentAttributes.of({ "aria-label": label, tabindex: "0" }),
      ...(readOnly
        ? []
        : [lintGutter(), linter((view) => (view.state.doc.length === 0 ? [] : parse(view)))]),
    ];
  }, [label, readOnly]);
  return (
    <CodeMirror
      className={classes.editor}
      value={value}
      onChange={onChange}
      extensions={extensions}
      theme={scheme}
      minHeight={`${minHeight}px`}
      maxHeight={`${maxHeight}px`}
      editable={!readOnly}
      readOnly={readOnly}
      indentWithTab={false}
      basicSetup={{
        foldGutter: true,
        highlightActiveLine: !readOnly,
        highlightActiveLineGutter: !readOnly,
      }}
    />
  );
}
