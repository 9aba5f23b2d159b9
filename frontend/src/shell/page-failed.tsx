import { Button, Center, Stack, Text, Title } from "@mantine/core";
import { isRouteErrorResponse, useRouteError } from "react-router";
import { problemOf } from "@/api/problem";

/** Shown instead of a page that broke, or that could not be loaded. */
export function PageFailed() {
  const error = useRouteError();
  const detail = isRouteErrorResponse(error) ? error.statusText : problemOf(error).detail;
  return (
    <Center mih="60vh" p="xl">
      <Stack align="center" maw={520} ta="center">
        <Title order={1}>This page could not be shown</Title>
        <Text c="dimmed">
          {detail.replace(/\.$/, "")}. If the server was restarting, or was updated while this page
          was open, loading it again is all that is needed.
        </Text>
        <Button onClick={() => window.location.reload()}>Load again</Button>
      </Stack>
    </Center>
  );
}
