import { ActionIcon, Tooltip } from "@mantine/core";
import { IconCheck, IconCopy } from "@tabler/icons-react";
import { useEffect, useState } from "react";

/** Copies a text, which is made only then. */
export function CopyButton({ text, label = "Copy" }: { text: () => string; label?: string }) {
  const [isDone, setDone] = useState(false);
  useEffect(() => {
    if (!isDone) return;
    const timer = window.setTimeout(() => setDone(false), 1_500);
    return () => window.clearTimeout(timer);
  }, [isDone]);
  return (
    <Tooltip label={isDone ? "Copied" : label}>
      <ActionIcon
        variant="subtle"
        color="gray"
        aria-label={label}
        onClick={async () => setDone(await copy(text()))}
      >
        {isDone ? <IconCheck size={16} /> : <IconCopy size={16} />}
      </ActionIcon>
    </Tooltip>
  );
}

export async function copy(text: string): Promise<boolean> {
  // Browsers have no clipboard for pages that came over plain HTTP from another machine.
  if (navigator.clipboard) {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      // Not allowed; the old way may be.
    }
  }
  const area = document.createElement("textarea");
  area.value = text;
  area.style.position = "fixed";
  area.style.opacity = "0";
  document.body.append(area);
  const focused = document.activeElement;
  area.select();
  const isDone = document.execCommand("copy");
  area.remove();
  if (focused instanceof HTMLElement) focused.focus();
  return isDone;
}
