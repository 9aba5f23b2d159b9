import { Group, Text } from "@mantine/core";
import { Link } from "react-router";
import classes from "./logo.module.css";

export function Logo() {
  return (
    <Link to="/" className={classes.logo} aria-label="Stagehook, to the overview">
      <Group gap={10} wrap="nowrap">
        <img src="/favicon.svg" alt="" width={26} height={26} />
        <Text component="span" fw={680} fz="lg" lts="-0.02em" c="var(--mantine-color-text)">
          Stagehook
        </Text>
      </Group>
    </Link>
  );
}
