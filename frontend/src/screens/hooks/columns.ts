/** Which columns the list has, by how wide the window is. */
import { useMediaQuery } from "@mantine/hooks";
import { useMemo } from "react";

export type Columns = {
  order: boolean;
  scope: boolean;
  runs: boolean;
  type: boolean;
  timeout: boolean;
  /** How many there are. */
  count: number;
};

const AT_ONCE = { getInitialValueInEffect: false };
/** Name, state and switch. */
const ALWAYS = 3;

export function useColumns(): Columns {
  const order = useMediaQuery("(min-width: 620px)", true, AT_ONCE);
  const scope = useMediaQuery("(min-width: 720px)", true, AT_ONCE);
  const runs = useMediaQuery("(min-width: 1100px)", true, AT_ONCE);
  const type = useMediaQuery("(min-width: 1240px)", true, AT_ONCE);
  const timeout = useMediaQuery("(min-width: 1400px)", true, AT_ONCE);
  return useMemo(
    () => ({
      order,
      scope,
      runs,
      type,
      timeout,
      // With the runs goes how long they take, with the type what failure does.
      count: ALWAYS + [order, scope, runs, runs, type, type, timeout].filter(Boolean).length,
    }),
    [order, scope, runs, type, timeout],
  );
}
