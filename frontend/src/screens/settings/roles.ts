/** What each role may do, in words; the server decides. */
import type { Role } from "@/api/session";

export const ROLES: readonly { role: Role; means: string }[] = [
  { role: "viewer", means: "Looks at everything but tokens, secrets and the audit trail." },
  {
    role: "pipeline",
    means: "For pipelines: creates jobs, runs stages, publishes events, makes projects.",
  },
  {
    role: "editor",
    means: "Changes hooks, scripts, plugins and event types; reviews jobs; retries deliveries.",
  },
  {
    role: "admin",
    means: "Everything, with tokens, secrets, the audit trail and trusted scripts.",
  },
];
