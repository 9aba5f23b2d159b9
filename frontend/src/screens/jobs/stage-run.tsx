import { Page } from "@/parts/page";

export function Component() {
  return <Page title="jobs/stage-run">…</Page>;
}
