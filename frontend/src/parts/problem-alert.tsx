import { Alert, Button, Group, List, Text } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import { type Problem, problemOf } from "@/api/problem";
import { sentence } from "./words";

/**
 * What the server refused and why. `known` are JSON pointers of fields that show
 * their own part; what is said of others is listed here.
 */
export function ProblemAlert({
  error,
  known = [],
  onRetry,
}: {
  error: unknown;
  known?: readonly string[];
  onRetry?: () => void;
}) {
  if (!error) return null;
  const problem: Problem = problemOf(error);
  const elsewhere = (problem.errors ?? []).filter(
    ({ pointer }) => !known.some((field) => pointer === field || pointer.startsWith(`${field}/`)),
  );
  return (
    <Alert
      color="red"
      icon={<IconAlertTriangle size={18} />}
      title={sentence(problem.title)}
      role="alert"
    >
      <Text fz="sm">{problem.detail}</Text>
      {elsewhere.length > 0 && (
        <List fz="sm" mt="xs">
          {elsewhere.map(({ pointer, detail }) => (
            <List.Item key={pointer + detail}>
              {pointer && <span className="mono">{pointer}</span>} {detail}
            </List.Item>
          ))}
        </List>
      )}
      {onRetry && (
        <Group mt="sm">
          <Button size="xs" variant="default" onClick={onRetry}>
            Try again
          </Button>
        </Group>
      )}
    </Alert>
  );
}
