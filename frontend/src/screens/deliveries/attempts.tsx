/** Every attempt of a delivery, the last one first and open. */
import { Accordion, Anchor, Group, Paper, Stack, Text } from "@mantine/core";
import { useState } from "react";
import { Link } from "react-router";
import type { Schemas } from "@/api/client";
import { isKnown } from "@/parts/known";
import { Outcome } from "@/parts/outcome";
import { Ago, sayDuration } from "@/parts/time";
import { OutcomeSentence, ReportTabs } from "@/screens/executions/report";

type LogItem = Schemas["LogItem"];

export function Attempts({ executions }: { executions: readonly LogItem[] }) {
  const attempts = [...executions].reverse();
  const last = attempts[0];
  const [open, setOpen] = useState<string | null>(last ? String(last.id) : null);
  if (!last) {
    return (
      <Paper>
        <Text fz="sm" c="dimmed">
          No attempt was made yet.
        </Text>
      </Paper>
    );
  }
  return (
    <Accordion variant="contained" value={open} onChange={setOpen} order={3}>
      {attempts.map((attempt) => (
        <Accordion.Item key={attempt.id} value={String(attempt.id)}>
          <Accordion.Control>
            <Group gap="sm" wrap="nowrap">
              <Text fz="sm" fw={560} className="numbers" style={{ whiteSpace: "nowrap" }}>
                Attempt {attempt.attempt}
              </Text>
              <Outcome status={attempt.status} />
              {isKnown(attempt.usage.http_status) && (
                <Text fz="sm" className="numbers" style={{ whiteSpace: "nowrap" }}>
                  HTTP {attempt.usage.http_status}
                </Text>
              )}
              <Text fz="sm" c="dimmed" className="numbers" style={{ whiteSpace: "nowrap" }}>
                {sayDuration(attempt.duration_ms)}, <Ago at={attempt.executed_at} />
              </Text>
            </Group>
          </Accordion.Control>
          <Accordion.Panel>
            {open === String(attempt.id) && (
              <Stack gap="md">
                <OutcomeSentence log={attempt} />
                <ReportTabs log={attempt} />
                <Anchor component={Link} to={`/executions/${attempt.id}`} fz="sm">
                  Execution {attempt.id} in full
                </Anchor>
              </Stack>
            )}
          </Accordion.Panel>
        </Accordion.Item>
      ))}
    </Accordion>
  );
}
