/** Beginning a delivery anew. */
import { Button, type ButtonProps } from "@mantine/core";
import { IconRefresh } from "@tabler/icons-react";
import { api, type Schemas } from "@/api/client";
import { outdated } from "@/api/queries";
import { tellDone, tellRefused } from "@/parts/tell";

type Delivery = Schemas["DeliveryShown"];

/** What it does to this delivery; nothing while an attempt is being made. */
export function sayRetry(delivery: Delivery): string | undefined {
  switch (delivery.state) {
    case "running":
      return undefined;
    case "pending":
      return "Try now";
    case "succeeded":
      return "Redeliver";
    default:
      return "Retry";
  }
}

export function useRetry() {
  const retry = api.useMutation("post", "/api/v1/deliveries/{id}/retry", {
    onSuccess: (delivery) =>
      tellDone(`${delivery.event_name} is on its way to ${delivery.hook.name}`),
    onError: (error) => tellRefused("The delivery was not begun anew", error),
    onSettled: () => outdated("/deliveries", "/overview", "/events", "/hooks/{id}/deliveries"),
  });
  return {
    isBusy: retry.isPending,
    start: (id: string) => retry.mutate({ params: { path: { id } } }),
  };
}

export function RetryButton({ delivery, ...props }: { delivery: Delivery } & ButtonProps) {
  const retry = useRetry();
  const says = sayRetry(delivery);
  if (!says) return null;
  return (
    <Button
      variant="default"
      leftSection={<IconRefresh size={14} aria-hidden />}
      loading={retry.isBusy}
      onClick={() => retry.start(delivery.id)}
      aria-label={`${says}: ${delivery.event_name} to ${delivery.hook.name}`}
      {...props}
    >
      {says}
    </Button>
  );
}
