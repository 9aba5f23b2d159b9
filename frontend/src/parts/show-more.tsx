/** The end of a list that comes in pages. */
import { Button, Center } from "@mantine/core";

type Paged = {
  hasNextPage: boolean;
  isFetchingNextPage: boolean;
  fetchNextPage: () => Promise<unknown>;
};

/** How queries of pages begin and go on; see `api.useInfiniteQuery`. */
export const PAGED = {
  pageParamName: "cursor",
  // Not undefined: the client would ask for the page "0".
  initialPageParam: null as string | null,
  getNextPageParam: (page: { next_cursor?: string | null }) => page.next_cursor ?? undefined,
};

export function ShowMore({ list }: { list: Paged }) {
  if (!list.hasNextPage) return null;
  return (
    <Center>
      <Button
        variant="default"
        loading={list.isFetchingNextPage}
        onClick={() => void list.fetchNextPage()}
      >
        Show more
      </Button>
    </Center>
  );
}
