import { UnstyledButton } from "@mantine/core";
import { IconChevronDown, IconChevronRight } from "@tabler/icons-react";
import { forwardRef, useState } from "react";
import { beginning, type Hit, type Lines, marked } from "./lines";
import classes from "./lines-view.module.css";

/** More of a line than anybody reads; the whole is there when it is asked for. */
const LONGEST = 2_000;

type Props = {
  index: number;
  top: number;
  lines: Lines;
  line: number;
  digits: number;
  name?: string;
  isTarget: boolean;
  hits?: readonly Hit[];
  current?: Hit;
  isFolded: boolean;
  onFold: (line: number) => void;
  onLink: (line: number) => void;
};

export const LineRow = forwardRef<HTMLDivElement, Props>(function LineRow(
  { index, top, lines, line, digits, name, isTarget, hits, current, isFolded, onFold, onLink },
  ref,
) {
  const [isWhole, setWhole] = useState(false);
  const all = lines.pieces(line);
  const length = all.reduce((sum, { text }) => sum + text.length, 0);
  const isHitBeyond = hits?.some((hit) => hit === current && hit.to > LONGEST) ?? false;
  const isCut = length > LONGEST && !isWhole && !isHitBeyond;
  const pieces = marked(isCut ? beginning(all, LONGEST) : all, hits ?? []);
  const end = lines.foldEnd?.(line);
  const number = String(line + 1);
  const isNote = all[0]?.note === true;
  return (
    <div
      ref={ref}
      className={classes.row}
      style={{ transform: `translateY(${top}px)` }}
      data-index={index}
      data-target={isTarget || undefined}
    >
      {name === undefined ? (
        <span className={classes.number} style={{ minWidth: `${digits + 3}ch` }} aria-hidden>
          {number}
        </span>
      ) : (
        <a
          className={classes.number}
          style={{ minWidth: `${digits + 3}ch` }}
          href={`#${name}-L${number}`}
          // The keyboard has the button beside the search.
          tabIndex={-1}
          aria-label={`line ${number}`}
          onClick={(event) => {
            if (event.ctrlKey || event.metaKey || event.shiftKey) return;
            event.preventDefault();
            onLink(line);
          }}
        >
          {number}
        </a>
      )}
      {lines.foldEnd && (
        <span className={classes.fold}>
          {end !== undefined && end > line + 1 && (
            <UnstyledButton
              className={classes.fold}
              aria-label={isFolded ? `Unfold line ${number}` : `Fold line ${number}`}
              aria-expanded={!isFolded}
              onClick={() => onFold(line)}
            >
              {isFolded ? <IconChevronRight size={13} /> : <IconChevronDown size={13} />}
            </UnstyledButton>
          )}
        </span>
      )}
      <code className={classes.text}>
        {isNote ? (
          <span className={classes.note}>{all[0]?.text}</span>
        ) : (
          pieces.map(({ text, fg, bg, bold, italic, underline, json, hit }, at) => {
            const span = (
              <span
                key={at}
                data-fg={fg}
                data-bg={bg}
                data-bold={bold || undefined}
                data-italic={italic || undefined}
                data-underline={underline || undefined}
                data-json={json}
              >
                {text}
              </span>
            );
            if (hit === undefined) return span;
            return (
              <mark key={at} data-current={hits?.[hit] === current && current ? "" : undefined}>
                {span}
              </mark>
            );
          })
        )}
        {isFolded && <span data-fg={8}> … {(end ?? line) - line - 1} lines</span>}
        {isCut && (
          <UnstyledButton className={classes.more} onClick={() => setWhole(true)}>
            Show all {length.toLocaleString("en")} characters
          </UnstyledButton>
        )}
      </code>
    </div>
  );
});
