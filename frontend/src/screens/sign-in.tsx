/** Signing in with a token, typed or brought by the link that the server prints. */
import {
  Alert,
  Button,
  Center,
  Code,
  Group,
  Loader,
  Paper,
  PasswordInput,
  Stack,
  Text,
  Title,
} from "@mantine/core";
import { useEffect, useState } from "react";
import { Navigate, useLocation, useNavigate, useSearchParams } from "react-router";
import { problemOf } from "@/api/problem";
import { signIn, useSession } from "@/api/session";
import { useTitle } from "@/parts/page";
import { Loading } from "@/shell/loading";
import { Logo } from "@/shell/logo";

/**
 * The token in the link's fragment, which no server and no log ever sees. It is taken
 * out of the address, so that it stays in no history.
 */
let brought = takeToken();

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
  // Taken once: who signs out later is not signed in again.
  const [link, setLink] = useState(() => {
    const token = brought;
    brought = undefined;
    return token;
  });
  const [isBusy, setBusy] = useState(false);
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
  // Pasted into the address of this page, which is not loaded anew then.
  const location = useLocation();
  useEffect(() => {
    const token = takeToken();
    if (token) setLink(token);
  }, [location]);
  const isSomebodyIn = session.data !== undefined;
  useEffect(() => {
    // A link may be somebody else's: whoever is signed in already is asked first.
    if (link === undefined || session.isPending || isSomebodyIn) return;
    setLink(undefined);
    void enter(link);
    // eslint-disable-next-line react-hooks/exhaustive-deps -- once it is known who is here
  }, [link, session.isPending, isSomebodyIn]);

  if (session.isPending) return <Loading />;
  if (session.data && link !== undefined) {
    return (
      <Center mih="100dvh" p="md" component="main">
        <Paper p="xl" maw={460}>
          <Stack>
            <Title order={1}>Sign in by this link?</Title>
            <Text>
              You are signed in as {session.data.name}. The link that you followed has a token of
              its own; what you do then is done in its name.
            </Text>
            <Group justify="flex-end">
              <Button variant="default" onClick={() => setLink(undefined)}>
                Stay {session.data.name}
              </Button>
              <Button
                onClick={() => {
                  setLink(undefined);
                  void enter(link);
                }}
              >
                Sign in by the link
              </Button>
            </Group>
          </Stack>
        </Paper>
      </Center>
    );
  }
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
  if (!URL.canParse(next, window.location.origin)) return "/";
  const url = new URL(next, window.location.origin);
  const isElsewhere = url.origin !== window.location.origin || url.pathname.startsWith("//");
  if (isElsewhere || url.pathname === "/sign-in") return "/";
  return url.pathname + url.search + url.hash;
}
