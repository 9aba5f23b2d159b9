import { Page } from "@/parts/page";

export function Component() {
  return <Page title="inheritance/page">…</Page>;
}
