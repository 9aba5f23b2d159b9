/** What is beside the page, such as the palette: where it breaks, the page stays. */
import { Component, type ReactNode, Suspense } from "react";
import { tellRefused } from "@/parts/tell";

export class Aside extends Component<{
  children: ReactNode;
  /** What could not be shown. */
  title: string;
  onFailed?: () => void;
}> {
  override state = { hasFailed: false };

  static getDerivedStateFromError() {
    return { hasFailed: true };
  }

  override componentDidCatch() {
    // Its file is asked for once: it did not come, or was another's after an update.
    tellRefused(this.props.title, new Error("Load this page again to have it."));
    this.props.onFailed?.();
  }

  override render() {
    return this.state.hasFailed ? null : <Suspense>{this.props.children}</Suspense>;
  }
}
