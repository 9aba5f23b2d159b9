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
  const extensions = useMemo(
    // Tab leaves the editor, as it leaves every other field (WCAG 2.1.2).
    () => [
      EditorView.lineWrapping,
      EditorView.contentAttributes.of({
        "aria-label": label,
        // What cannot be edited is still gone through by keyboard.
        ...(readOnly ? { tabindex: "0" } : {}),
      }),
    ],
    [label, readOnly],
  );
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
      basicSetup={{ highlightActiveLine: !readOnly, highlightActiveLineGutter: !readOnly }}
    />
  );
}
