/**
 * The client of the server's API, with the types that its OpenAPI document gives.
 *
 * A browser is signed in by an HttpOnly cookie; what changes something carries the
 * session's CSRF token beside it. Neither token is ever in the page's storage.
 */
import createFetchClient, { type Middleware } from "openapi-fetch";
import createClient from "openapi-react-query";
import { reached, unreachable } from "./connection";
import { isProblem, notSignedIn, ofOtherSession, UNREACHABLE } from "./problem";
import type { components, paths } from "./schema";

export type Schemas = components["schemas"];

let csrfToken: string | undefined;

/** What the session of this page says; kept in memory alone. */
export function rememberCsrfToken(token: string | undefined) {
  csrfToken = token;
}

const middleware: Middleware = {
  onRequest({ request }) {
    if (csrfToken && request.method !== "GET" && request.method !== "HEAD") {
      request.headers.set("X-CSRF-Token", csrfToken);
    }
    return request;
  },
  async onResponse({ response, schemaPath }) {
    // What stands in front of the server answers so when the server is gone.
    if (response.status === 502 || response.status === 504) {
      unreachable();
      return noAnswer();
    }
    reached();
    if (response.status === 401 && schemaPath !== "/api/v1/session") notSignedIn.announce();
    if (response.status === 403 && (await isOfOtherSession(response))) ofOtherSession.announce();
    return response;
  },
  /** No answer is one, too: whoever asks has one way to be refused. */
  onError({ error }) {
    if (error instanceof DOMException && error.name === "AbortError") return;
    return noAnswer();
  },
};

const noAnswer = () => Response.json(UNREACHABLE, { status: 504 });

async function isOfOtherSession(response: Response): Promise<boolean> {
  const problem: unknown = await response
    .clone()
    .json()
    .catch(() => undefined);
  return isProblem(problem) && problem.type === "/problems/csrf";
}

export const client = createFetchClient<paths>({
  baseUrl: "",
  credentials: "same-origin",
  // Arrays are written as the server reads them: `hook_ids=1,2,3`.
  querySerializer: { array: { style: "form", explode: false } },
});
client.use(middleware);

/** Queries and mutations by route: `api.useQuery("get", "/api/v1/hooks", …)`. */
export const api = createClient(client);
