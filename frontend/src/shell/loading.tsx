import { Center, Loader } from "@mantine/core";

/** Before it is known which page there will be. */
export function Loading() {
  return (
    <Center h="100dvh">
      <Loader aria-label="Loading" />
    </Center>
  );
}
