import type { Extension } from "@codemirror/state";
import { EditorView } from "@codemirror/view";
import { useComputedColorScheme } from "@mantine/core";
import CodeMirror from "@uiw/react-codemirror";
import { useMemo } from "react";
import classes from "./editor.module.css";
import type { EditorProps } from "./editor-field";

/** An editor of any text. */
export default function Editor({
  label,
  value,
  onChange,
  minHeight,
  maxHeight,
  readOnly,
  language,
}: EditorProps & {
  /** What the text is; stays the same from one drawing to the next. */
  language?: Extension;
}) {
  const scheme = useComputedColorScheme("light");
  const extensions = useMemo(
    () => [
      EditorView.lineWrapping,
      // Tab leaves the editor, as it leaves every other field (WCAG 2.1.2); what
      // cannot be edited is still gone through by keyboard.
      EditorView.contentAttributes.of({ "aria-label": label, tabindex: "0" }),
      ...(language ? [language] : []),
    ],
    [label, language],
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
