import { Button } from "@mantine/core";
import { Link } from "react-router";
import { EmptyState } from "@/parts/empty-state";
import { Page } from "@/parts/page";

/** A path that is no page. */
export function Component() {
  return (
    <Page title="Not found">
      <EmptyState
        title="There is no such page"
        action={
          <Button component={Link} to="/">
            To the overview
          </Button>
        }
      >
        The address may be mistyped, or what it led to has been removed.
      </EmptyState>
    </Page>
  );
}
