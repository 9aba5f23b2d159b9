/** What a hook printed: colours of terminals, control characters made visible, lines with addresses. */
import { Text } from "@mantine/core";
import { useMemo } from "react";
import { logLines } from "./lines/lines";
import { LinesView } from "./lines/lines-view";
import { sayBytes } from "./time";

export function LogView({
  name,
  label = name,
  text,
  droppedBytes,
  fileName,
  maxHeight,
  isFollowed,
}: {
  /** Of the lines' addresses: `stderr` has `#stderr-L42`. */
  name: string;
  label?: string;
  text: string;
  /** Bytes that the server did not keep; the text says where they were. */
  droppedBytes?: number | null;
  fileName?: string;
  maxHeight?: number;
  /** Whether the end is kept in sight while it grows. */
  isFollowed?: boolean;
}) {
  const lines = useMemo(() => logLines(text), [text]);
  const size = `${lines.count.toLocaleString("en")} ${lines.count === 1 ? "line" : "lines"}, ${sayBytes(new Blob([text]).size)}`;
  return (
    <LinesView
      label={label}
      name={name}
      lines={lines}
      text={() => text}
      fileName={fileName ?? `${name}.log`}
      aside={droppedBytes ? `${size}; ${sayBytes(droppedBytes)} of the middle were dropped` : size}
      empty={
        <Text fz="sm" component="span">
          Nothing was printed to {label}.
        </Text>
      }
      maxHeight={maxHeight}
      isFollowed={isFollowed}
    />
  );
}
