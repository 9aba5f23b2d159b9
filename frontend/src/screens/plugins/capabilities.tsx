import { Paper, Text } from "@mantine/core";
import { IconLockOpen2, IconShieldCheck } from "@tabler/icons-react";
import classes from "./capabilities.module.css";
import { CAPABILITIES, type Capability } from "./words";

/** What a plugin asks for, and what each of these would let it do. */
export function Capabilities({ capabilities }: { capabilities: readonly Capability[] }) {
  if (capabilities.length === 0) {
    return (
      <Paper className={classes.nothing}>
        <IconShieldCheck size={20} stroke={1.7} aria-hidden />
        <Text fz="sm">
          Nothing. It computes on what it is told, and has no file, no network, no secret.
        </Text>
      </Paper>
    );
  }
  return (
    <Paper p={0} component="ul" className={classes.list}>
      {capabilities.map((capability) => (
        <li key={capability} className={classes.item}>
          <IconLockOpen2 size={18} stroke={1.7} aria-hidden />
          <div>
            <Text fz="sm" fw={560}>
              {CAPABILITIES[capability]?.says ?? capability}
            </Text>
            <Text fz="sm" c="dimmed">
              {CAPABILITIES[capability]?.means}
            </Text>
          </div>
        </li>
      ))}
    </Paper>
  );
}
