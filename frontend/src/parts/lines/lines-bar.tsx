/** What can be done with a text: search, wrap, copy, download. */
import { ActionIcon, Text, TextInput, Tooltip } from "@mantine/core";
import {
  IconChevronDown,
  IconChevronUp,
  IconDownload,
  IconLink,
  IconSearch,
  IconTextWrap,
} from "@tabler/icons-react";
import type { ReactNode } from "react";
import { CopyButton } from "../copy-button";
import { download } from "../download";
import { MOST_HITS } from "./lines";
import classes from "./lines-view.module.css";
import type { Search } from "./use-hits";

export function LinesBar({
  label,
  aside,
  search,
  onStep,
  onLink,
  isWrapped,
  onWrap,
  text,
  fileName,
}: {
  label: string;
  aside?: ReactNode;
  search: Search;
  onStep: (by: number) => void;
  /** Puts the line of the current hit into the address. */
  onLink?: () => void;
  isWrapped: boolean;
  onWrap: () => void;
  text: () => string;
  fileName: string;
}) {
  const { hits, at } = search;
  const count = hits.length >= MOST_HITS ? `${MOST_HITS.toLocaleString("en")}+` : hits.length;
  return (
    <div className={classes.bar}>
      <Text fz="sm" fw={560} component="span" truncate>
        {label}
      </Text>
      <Text fz="xs" c="dimmed" component="span" flex={1} miw={60} truncate className="numbers">
        {aside}
      </Text>
      <Text
        fz="xs"
        c="dimmed"
        className={`numbers ${classes.count}`}
        component="span"
        role="status"
      >
        {search.text !== "" && (hits.length === 0 ? "not found" : `${at + 1} of ${count}`)}
      </Text>
      <TextInput
        className={classes.search}
        size="xs"
        aria-label={`Search in ${label}`}
        placeholder="Search"
        leftSection={<IconSearch size={14} aria-hidden />}
        value={search.text}
        onChange={(event) => search.setText(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === "Enter") {
            event.preventDefault();
            onStep(event.shiftKey ? -1 : 1);
          }
          if (event.key === "Escape") search.setText("");
        }}
      />
      <Act label="Previous hit" onClick={() => onStep(-1)} isDisabled={hits.length === 0}>
        <IconChevronUp size={16} />
      </Act>
      <Act label="Next hit" onClick={() => onStep(1)} isDisabled={hits.length === 0}>
        <IconChevronDown size={16} />
      </Act>
      {onLink && (
        <Act label="Link to the hit's line" onClick={onLink} isDisabled={hits.length === 0}>
          <IconLink size={16} />
        </Act>
      )}
      <Act label={isWrapped ? "Do not wrap lines" : "Wrap lines"} onClick={onWrap}>
        <IconTextWrap size={16} />
      </Act>
      <CopyButton text={text} label={`Copy ${label}`} />
      <Act label={`Download ${label}`} onClick={() => download(fileName, text())}>
        <IconDownload size={16} />
      </Act>
    </div>
  );
}

function Act({
  label,
  isDisabled = false,
  onClick,
  children,
}: {
  label: string;
  isDisabled?: boolean;
  onClick: () => void;
  children: ReactNode;
}) {
  return (
    <Tooltip label={label}>
      <ActionIcon
        variant="subtle"
        color="gray"
        aria-label={label}
        disabled={isDisabled}
        onClick={onClick}
      >
        {children}
      </ActionIcon>
    </Tooltip>
  );
}
