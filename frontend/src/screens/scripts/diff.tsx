/** A difference as `diff -u` writes it, line by line. */
import { Text } from "@mantine/core";
import classes from "./diff.module.css";

const KINDS: Record<string, { kind: string; says: string }> = {
  "+": { kind: "added", says: "added" },
  "-": { kind: "removed", says: "removed" },
  "@": { kind: "place", says: "" },
};

export function Diff({ text, label }: { text: string; label: string }) {
  if (text === "") {
    return (
      <Text fz="sm" c="dimmed">
        Nothing is different.
      </Text>
    );
  }
  // The first two lines name the two sides, which stands above already.
  const lines = text
    .replace(/\n$/, "")
    .split("\n")
    .filter((line, at) => at > 1 || !/^(---|\+\+\+) /.test(line));
  return (
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- it is scrolled by keyboard
    <div className={classes.diff} role="group" aria-label={label} tabIndex={0}>
      {lines.map((line, at) => {
        const { kind, says } = KINDS[line[0] ?? ""] ?? { kind: "same", says: "" };
        return (
          <div key={at} className={classes.line} data-kind={kind}>
            {says && <span className={classes.says}>{says}: </span>}
            {line || " "}
          </div>
        );
      })}
    </div>
  );
}
