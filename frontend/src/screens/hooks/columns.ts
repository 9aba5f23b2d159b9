/** Which columns the list has, by how wide the window is. */
import { useMediaQuery } from "@mantine/hooks";
import { useMemo } from "react";

export type Columns = {
  order: boolean;
  /** One for each; else two share one, and what is short is below the name. */
  wide: boolean;
  runs: boolean;
  /** How many there are. */
  count: number;
};

const AT_ONCE = { getInitialValueInEffect: false };

export function useColumns(): Columns {
  const order = useMediaQuery("(min-width: 620px)", true, AT_ONCE);
  const runs = useMediaQuery("(min-width: 720px)", true, AT_ONCE);
  const wide = useMediaQuery("(min-width: 1264px)", true, AT_ONCE);
  return useMemo(() => {
    // Name, state and switch; what is wide has scope, type, failure, timeout and p95, too.
    const count = (wide ? 8 : 3) + Number(order) + Number(runs);
    return { order, runs, wide, count };
  }, [order, runs, wide]);
}
