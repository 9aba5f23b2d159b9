import { Page } from "@/parts/page";

export function Component() {
  return <Page title="hooks/hook">…</Page>;
}
