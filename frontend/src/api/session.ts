/** Who is signed in. */
import { api, client, rememberCsrfToken, type Schemas } from "./client";
import { notSignedIn, ofOtherSession, problemOf } from "./problem";
import { queries } from "./queries";

export type Session = Schemas["Session"];
export type Role = Schemas["Role"];

const OPTIONS = api.queryOptions("get", "/api/v1/session");
const ORDER: readonly Role[] = ["viewer", "pipeline", "editor", "admin"];

/** The session; without `data` where nobody is signed in. */
export function useSession() {
  const { data, error, isPending } = api.useQuery("get", "/api/v1/session", undefined, {
    staleTime: Number.POSITIVE_INFINITY,
    refetchOnWindowFocus: false,
  });
  // What a query knew stays with it when it is refused; a session does not.
  const session = problemOf(error).status === 401 ? undefined : data;
  rememberCsrfToken(session?.csrf_token);
  return { data: session, error, isPending };
}

// A token that was revoked, a session that is over or another's: it is asked for again. Until
// that is answered the page stays as it is, with all that was typed on it.
for (const announcement of [notSignedIn, ofOtherSession]) {
  announcement.listen(() => {
    if (queries.isFetching({ queryKey: OPTIONS.queryKey }) > 0) return;
    void queries.invalidateQueries({ queryKey: OPTIONS.queryKey });
  });
}

/** Whether who is signed in may do what needs this role. */
export function useMay(role: Role): boolean {
  const own = useSession().data?.role;
  return own !== undefined && ORDER.indexOf(own) >= ORDER.indexOf(role);
}

/** Signs in with a token. Throws a problem. */
export async function signIn(token: string): Promise<Session> {
  const { data, error } = await client.POST("/api/v1/session", { body: { token } });
  if (!data) throw problemOf(error);
  queries.clear();
  rememberCsrfToken(data.csrf_token);
  queries.setQueryData(OPTIONS.queryKey, data);
  return data;
}

export async function signOut() {
  const { error } = await client.DELETE("/api/v1/session");
  // A session that is over already is what was asked for.
  if (error && problemOf(error).status !== 401) throw problemOf(error);
  rememberCsrfToken(undefined);
  queries.clear();
}
