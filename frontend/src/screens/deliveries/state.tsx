/** Where a delivery stands, in words. */
import {
  IconBan,
  IconCheck,
  IconClock,
  IconPlayerPlay,
  IconX,
  type TablerIcon,
} from "@tabler/icons-react";
import type { Schemas } from "@/api/client";
import { type Tone, ToneBadge } from "@/parts/outcome";

export type DeliveryState = Schemas["DeliveryState"];
export type Delivery = Schemas["DeliveryShown"];

const SHOWN: Record<DeliveryState, { says: string; tone: Tone; icon: TablerIcon }> = {
  pending: { says: "waits", tone: "warn", icon: IconClock },
  running: { says: "being made", tone: "none", icon: IconPlayerPlay },
  succeeded: { says: "delivered", tone: "good", icon: IconCheck },
  exhausted: { says: "given up", tone: "bad", icon: IconX },
  cancelled: { says: "cancelled", tone: "none", icon: IconBan },
};

export const DELIVERY_STATES = Object.keys(SHOWN) as DeliveryState[];
export const sayDeliveryState = (state: DeliveryState): string => SHOWN[state].says;
export const toneOfDelivery = (delivery: Delivery): Tone =>
  delivery.state === "exhausted" ? "bad" : "good";

export function DeliveryStateBadge({ state }: { state: DeliveryState }) {
  const { says, tone, icon } = SHOWN[state];
  return (
    <ToneBadge tone={tone} icon={icon}>
      {says}
    </ToneBadge>
  );
}

export const sayAttempts = (attempts: number): string =>
  attempts === 0 ? "no attempt yet" : `${attempts} ${attempts === 1 ? "attempt" : "attempts"}`;
