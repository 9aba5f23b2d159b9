/** Plugins in plain words: what they may touch, who vouches for them, what is asked of them. */
import type { Schemas } from "@/api/client";

export type Capability = Schemas["Capability"];
export type PluginVersion = Schemas["PluginVersion"];
export type ValidationReport = Schemas["ValidationReport"];

export const CAPABILITIES: Record<Capability, { says: string; means: string }> = {
  segment_read: {
    says: "Read the segment's folder",
    means: "The folder of the file at hand, at /segment, to be read.",
  },
  segment_write: {
    says: "Change the segment's folder",
    means: "The folder of the file at hand, at /segment, to be read and written.",
  },
  directories: {
    says: "Use folders",
    means: "Folders below the server's media roots, each under a name of its own.",
  },
  http: {
    says: "Call hosts over HTTP",
    means: "The hosts that its hook names, and no other; redirects are not followed.",
  },
  environment: {
    says: "Read values of its environment",
    means: "The values that its hook gives it, and none of the server's.",
  },
  secrets: {
    says: "Read secrets",
    means: "The secrets that its hook names. Where they come up in output, they are redacted.",
  },
};

export const sayCapability = (capability: Capability): string =>
  CAPABILITIES[capability]?.says ?? capability;

type Signed = { signature?: string | null; signed_by?: string | null };

/** Who vouches for a version that is in the catalogue. */
export function saySigned({ signature, signed_by }: Signed): string {
  if (signed_by) return `Signed by ${signed_by}, whose key this server trusts.`;
  if (signature) return "Signed with a key that this server does not trust now.";
  return "Not signed: nobody vouches for it.";
}

export const saySignatureState = (report: ValidationReport): string =>
  report.signature === "trusted"
    ? `Signed by ${report.signed_by ?? "a key"}, whose key this server trusts.`
    : report.signature === "untrusted"
      ? "Signed with a key that this server does not trust."
      : "Not signed: nobody vouches for it.";

/** The rules for a component, in the order in which they are looked at. */
export const RULES = [
  {
    rule: "size",
    says: "Its size",
    fits: "It is not larger than 64 MiB.",
    advice: "Build it without debug information, and with optimisation for size.",
  },
  {
    rule: "format",
    says: "Its format",
    fits: "It is a WebAssembly component.",
    advice: "Build it with `stagehook plugin build`, and choose the .wasm file in dist.",
  },
  {
    rule: "world",
    says: "What it exports",
    fits: "It exports what Stagehook calls.",
    advice: "Build it against the plugin contract that `stagehook plugin new` puts into wit.",
  },
  {
    rule: "import",
    says: "What it imports",
    fits: "It imports nothing but what a plugin may have and its manifest asks for.",
    advice: "Ask for the capability in its manifest, or remove what needs the import.",
  },
  {
    rule: "cost",
    says: "What it costs to load",
    fits: "It compiles within the time and memory that are allowed.",
    advice: "Look for very large functions and very many of them.",
  },
  {
    rule: "manifest",
    says: "Its manifest",
    fits: "It describes itself, and its settings schema can be used.",
    advice: "Mend what its describe function answers.",
  },
  {
    rule: "signature",
    says: "Its signature",
    fits: "Its signature is what this server asks for.",
    advice: "Sign it with `stagehook plugin sign`, and choose the .sig file beside it.",
  },
] as const;

/** What an interface of a component is for, by the beginning of its name. */
const INTERFACES: readonly [prefix: string, says: string][] = [
  ["stagehook:hook/secrets", "reads secrets"],
  ["stagehook:hook/host", "writes to the log and tells its progress"],
  ["stagehook:hook/", "the contract between Stagehook and its plugins"],
  ["wasi:http/", "calls other systems over HTTP"],
  ["wasi:filesystem/", "opens files, of which there are only those that are granted"],
  ["wasi:sockets/", "opens sockets, behind which there is nothing"],
  ["wasi:clocks/", "reads the clock"],
  ["wasi:random/", "asks for random numbers"],
  ["wasi:io/", "waits for input and output"],
  ["wasi:cli/environment", "reads its environment, which has only what is granted"],
  ["wasi:cli/", "the plain surroundings of a program, such as stdout"],
];

export const sayImport = (name: string): string =>
  INTERFACES.find(([prefix]) => name.startsWith(prefix))?.[1] ?? "no interface that plugins have";
