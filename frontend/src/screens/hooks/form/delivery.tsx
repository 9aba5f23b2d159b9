/** How deliveries of events are made. */
import { SimpleGrid } from "@mantine/core";
import { NumberField, SwitchField, TextField } from "./field";
import { Section } from "./section";

export function Delivery() {
  return (
    <Section
      title="Deliveries"
      says="Each is tried again after 2 s, 4 s, 8 s and so on. After ten in a row that were given up the hook is disabled, and says so."
    >
      <SimpleGrid cols={{ base: 1, sm: 2 }}>
        <NumberField
          pointer="/config/retry/retries"
          label="Retries"
          help="Attempts after the first."
          usual={3}
          min={0}
          max={20}
        />
        <NumberField
          pointer="/config/concurrency"
          label="At once"
          help="Deliveries that are attempted at the same time, on each server."
          usual={16}
          min={1}
          max={256}
        />
      </SimpleGrid>
      <SwitchField
        pointer="/config/retry/long_tail"
        label="Go on for most of a day"
        help="Six more attempts follow: after 1 min, 5 min, 30 min, 2 h, 6 h and 12 h."
      />
      <SimpleGrid cols={{ base: 1, sm: 2 }}>
        <NumberField
          pointer="/config/rate_limit/deliveries"
          label="At most, deliveries"
          help="That begin within the time beside, on all servers together."
          min={1}
          max={100_000}
        />
        <NumberField
          pointer="/config/rate_limit/per_seconds"
          label="within"
          help="So many seconds."
          usual={1}
          unit="s"
          min={1}
          max={86_400}
        />
      </SimpleGrid>
      <TextField
        pointer="/config/order_key"
        label="Order key"
        help="Deliveries whose events have the same value here are made one after the other: job_id, or a JSON pointer into the data. Empty: in no order."
        placeholder="/shot/id"
        mono
      />
    </Section>
  );
}
