/** JSON to read: folded, searched, copied. To edit it, see `json-editor`. */
import { useMemo } from "react";
import { jsonLines } from "./lines/json-lines";
import { LinesView } from "./lines/lines-view";

export function JsonView({
  label,
  name,
  value,
  fileName,
  empty = "There is nothing.",
  maxHeight,
}: {
  label: string;
  /** Of the lines' addresses. */
  name?: string;
  value: unknown;
  fileName?: string;
  empty?: string;
  maxHeight?: number;
}) {
  const lines = useMemo(() => jsonLines(value), [value]);
  return (
    <LinesView
      label={label}
      name={name}
      lines={lines}
      text={() => JSON.stringify(value, null, 2)}
      fileName={fileName ?? `${label.toLowerCase().replace(/\W+/g, "-")}.json`}
      empty={empty}
      maxHeight={maxHeight}
    />
  );
}
