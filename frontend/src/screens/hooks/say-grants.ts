/** What a hook may touch, in sentences. */
import type { Schemas } from "@/api/client";
import { configOf, type HookDocument } from "@/parts/hook-words";

type Grants = Partial<Schemas["PluginGrants"]> & Partial<Schemas["ScriptGrants"]>;

export function sayGrants(hook: HookDocument): string[] {
  const config = configOf(hook);
  if (hook.hook_type === "webhook") return [];
  if (config.sandbox === "trusted") {
    return ["Everything that the server's user may touch: it runs without a sandbox."];
  }
  const grants = ((config as { grants?: Grants }).grants ?? {}) as Grants;
  const says: string[] = [];
  if (grants.segment === "read") says.push("Reads the segment's folder.");
  if (grants.segment === "write") says.push("Reads and writes the segment's folder.");
  for (const { host, guest, access } of grants.directories ?? []) {
    const does = access === "write" ? "Reads and writes" : "Reads";
    says.push(host === guest ? `${does} ${host}.` : `${does} ${host}, which it sees as ${guest}.`);
  }
  if (grants.network) says.push("Opens network connections to any address.");
  if (grants.http?.length) says.push(`Calls ${grants.http.join(", ")} over HTTP.`);
  for (const [name, hosts] of Object.entries(grants.http_secrets ?? {})) {
    says.push(`Has the secret ${name} sent to ${hosts.join(", ")}, without seeing it.`);
  }
  if (grants.secrets?.length) {
    says.push(
      `Reads the ${grants.secrets.length > 1 ? "secrets" : "secret"} ${grants.secrets.join(", ")}.`,
    );
  }
  const env = Object.keys(grants.env ?? {});
  if (env.length > 0) says.push(`Is given the variables ${env.join(", ")}.`);
  return says.length > 0 ? says : ["Nothing beyond its own directory."];
}
