import { Group, Text } from "@mantine/core";
import { Link } from "react-router";
import classes from "./logo.module.css";

export function Logo() {
  return (
    <Link to="/" className={classes.logo} aria-label="Stagehook, to the overview">
      <Group gap={10} wrap="nowrap">
        <Mark />
        <Text component="span" fw={680} fz="lg" lts="-0.02em" c="var(--mantine-color-text)">
          Stagehook
        </Text>
      </Group>
    </Link>
  );
}

/** The same as `public/favicon.svg`. */
function Mark() {
  return (
    <svg viewBox="0 0 32 32" width={26} height={26} aria-hidden>
      <rect width="32" height="32" rx="8" fill="#4f46e5" />
      <g fill="none" stroke="#fff" strokeLinecap="round">
        <path d="M11 7v10.5a5 5 0 0 0 10 0V15" strokeWidth="3" />
        <path d="m17.4 17.6 3.6-3.4 3.6 3.4" strokeWidth="2.6" strokeLinejoin="round" />
      </g>
      <circle cx="11" cy="7" r="2.6" fill="#a5b4fc" />
    </svg>
  );
}
