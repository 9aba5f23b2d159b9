/** How deliveries are listed: of all events, and of one. */
import { Group, Stack, Text } from "@mantine/core";
import { Link } from "react-router";
import { isKnown } from "@/parts/known";
import { sayStatus } from "@/parts/outcome";
import { Ago, When } from "@/parts/time";
import type { Column } from "@/parts/virtual-table";
import { RetryButton } from "./retry";
import { type Delivery, DeliveryStateBadge, sayAttempts } from "./state";

const STATE: Column<Delivery> = {
  name: "State",
  width: "120px",
  cell: ({ state }) => <DeliveryStateBadge state={state} />,
};
const WHAT: Column<Delivery> = {
  name: "Event and hook",
  cell: (delivery) => (
    <Stack gap={0}>
      <Text fz="sm" truncate>
        <Link to={`/deliveries/${delivery.id}`} className="mono" title={delivery.event_name}>
          {delivery.event_name}
        </Link>
      </Text>
      <Text fz="xs" c="dimmed" truncate>
        to {delivery.hook.name}
      </Text>
    </Stack>
  ),
};
const HOOK: Column<Delivery> = {
  name: "Hook",
  cell: ({ id, hook }) => <Link to={`/deliveries/${id}`}>{hook.name}</Link>,
};
const ATTEMPTS: Column<Delivery> = {
  name: "Attempts",
  width: "122px",
  cell: ({ attempts, next_attempt_at, state }) => (
    <Stack gap={0}>
      <Text fz="sm" className="numbers">
        {sayAttempts(attempts)}
      </Text>
      {state === "pending" && isKnown(next_attempt_at) && (
        <Text fz="xs" c="dimmed">
          next <When at={next_attempt_at} />
        </Text>
      )}
    </Stack>
  ),
};
const LAST: Column<Delivery> = {
  name: "Last attempt",
  width: "30%",
  from: "md",
  cell: (delivery) => <LastAttempt delivery={delivery} />,
};
const HAPPENED: Column<Delivery> = {
  name: "Happened",
  width: "110px",
  from: "lg",
  cell: ({ created_at }) => (
    <Text fz="sm" c="dimmed">
      <Ago at={created_at} />
    </Text>
  ),
};

export function LastAttempt({ delivery }: { delivery: Delivery }) {
  const { last_status, last_http_status, last_error } = delivery;
  if (!last_status) return null;
  return (
    <Group gap={6} wrap="nowrap">
      <Text fz="sm" truncate title={last_error ?? undefined}>
        {last_error ?? sayStatus(last_status)}
      </Text>
      {isKnown(last_http_status) && !last_error?.includes(String(last_http_status)) && (
        <Text fz="xs" c="dimmed" className="numbers">
          HTTP {last_http_status}
        </Text>
      )}
    </Group>
  );
}

/** `mayRetry` adds the button. */
export function deliveryColumns(
  mayRetry: boolean,
  of: "all" | "event" = "all",
): Column<Delivery>[] {
  const again: Column<Delivery> = {
    name: "Again",
    width: "132px",
    align: "right",
    cell: (delivery) => <RetryButton delivery={delivery} size="compact-sm" fw={500} />,
  };
  return [
    STATE,
    ...(of === "all" ? [WHAT] : [HOOK]),
    ATTEMPTS,
    LAST,
    ...(of === "all" ? [HAPPENED] : []),
    ...(mayRetry ? [again] : []),
  ];
}
