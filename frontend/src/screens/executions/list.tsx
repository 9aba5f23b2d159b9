import { Page } from "@/parts/page";
import { ExecutionList } from "./execution-list";

/** All executions. */
export function Component() {
  return (
    <Page
      title="Executions"
      subtitle="Every run of every hook: what it was told, what it said, how it ended."
    >
      <ExecutionList />
    </Page>
  );
}
