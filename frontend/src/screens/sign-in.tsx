/** Signing in with a token, typed or brought by the link that the server prints. */
import {
  Alert,
  Button,
  Center,
  Code,
  Loader,
  Paper,
  PasswordInput,
  Stack,
  Text,
  Title,
} from "@mantine/core";
import { useEffect, useState } from "react";
import { Navigate, useNavigate, useSearchParams } from "react-router";
import { problemOf } from "@/api/problem";
import { signIn, useSession } from "@/api/session";
import { useTitle } from "@/parts/page";
import { Logo } from "@/shell/logo";

/**
 * The token in the link's fragment, which no server and no log ever sees. It is taken
 * out of the address, so that it stays in no history.
 */
const brought = takeToken();

function takeToken(): string | undefined {
  const token = new URLSearchParams(window.location.hash.slice(1)).get("token") ?? undefined;
  if (token && window.location.pathname === "/sign-in") {
    window.history.replaceState(null, "", window.location.pathname + window.location.search);
    return token;
  }
  return undefined;
}

export function Component() {
  useTitle("Sign in");
  const navigate = useNavigate();
  const session = useSession();
  const next = inside(useSearchParams()[0].get("next"));
  const [token, setToken] = useState("");
  const [isBusy, setBusy] = useState(brought !== undefined);
  const [refusal, setRefusal] = useState<string>();

  const enter = async (token: string) => {
    setBusy(true);
    setRefusal(undefined);
    try {
      await signIn(token.trim());
      await navigate(next, { replace: true });
    } catch (error) {
      const problem = problemOf(error);
      setRefusal(
        problem.status === 401
          ? "The server does not know this token, or it was revoked."
          : problem.detail,
      );
      setBusy(false);
    }
  };
  useEffect(() => {
    if (brought) void enter(brought);
    // eslint-disable-next-line react-hooks/exhaustive-deps -- once
  }, []);

  if (session.data && !isBusy) return <Navigate to={next} replace />;
  return (
    <Center mih="100dvh" p="md" component="main">
      <Stack w="100%" maw={420} gap="lg">
        <Logo />
        <Paper p="xl" shadow="sm">
          <form
            onSubmit={(event) => {
              event.preventDefault();
              void enter(token);
            }}
          >
            <Stack>
              <div>
                <Title order={1}>Sign in</Title>
                <Text c="dimmed" fz="sm" mt={4}>
                  With an API token. It is exchanged for a session and kept nowhere in this browser.
                </Text>
              </div>
              {refusal && (
                <Alert color="red" role="alert">
                  {refusal}
                </Alert>
              )}
              <PasswordInput
                label="Token"
                value={token}
                onChange={(event) => setToken(event.currentTarget.value)}
                autoComplete="current-password"
                required
                withAsterisk={false}
                autoFocus
                disabled={isBusy}
              />
              <Button
                type="submit"
                disabled={isBusy || token.trim() === ""}
                leftSection={isBusy ? <Loader size={14} color="currentColor" /> : undefined}
              >
                Sign in
              </Button>
            </Stack>
          </form>
        </Paper>
        <Text fz="sm" c="dimmed">
          At its first start the server prints an administrator's token and a link that signs in.
          Another token: <Code>stagehook token create</Code>
        </Text>
      </Stack>
    </Center>
  );
}

/** A path of this application, wherever the address says to go. */
function inside(next: string | null): string {
  if (!next) return "/";
  const url = new URL(next, window.location.origin);
  if (url.origin !== window.location.origin || url.pathname === "/sign-in") return "/";
  return url.pathname + url.search + url.hash;
}
