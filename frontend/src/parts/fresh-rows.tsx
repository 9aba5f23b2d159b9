/** What came in above the rows that one reads. */
import { Affix, Button } from "@mantine/core";
import { IconArrowUp } from "@tabler/icons-react";
import { type RefObject, useEffect, useState } from "react";
import type { Fresh } from "./live-list";

/** Lets it in; while the top of the list is out of sight, from where one is. */
export function FreshRows({
  fresh: { count, hasGap, take },
  top,
  isAway,
}: {
  fresh: Fresh;
  top: RefObject<HTMLElement | null>;
  isAway: boolean;
}) {
  if (count === 0) return null;
  const letIn = (
    <Button
      variant={isAway ? "filled" : "light"}
      leftSection={<IconArrowUp size={15} aria-hidden />}
      onClick={() => {
        take();
        top.current?.scrollIntoView({ block: "center" });
      }}
    >
      {hasGap ? `${count}+` : count} new
    </Button>
  );
  return isAway ? <Affix position={{ top: 16, right: 32 }}>{letIn}</Affix> : letIn;
}

/** Whether the top of the list is out of sight. */
export function useIsAway(top: RefObject<HTMLElement | null>): boolean {
  const [isAway, setAway] = useState(false);
  useEffect(() => {
    if (!top.current) return;
    const observer = new IntersectionObserver(([entry]) => setAway(!entry?.isIntersecting));
    observer.observe(top.current);
    return () => observer.disconnect();
  }, [top]);
  return isAway;
}
