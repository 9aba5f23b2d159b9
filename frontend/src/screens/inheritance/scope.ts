import type { Level } from "./lanes";

/** One level of the chain that is looked at. */
export type Scope = { level: Level; id?: number; name: string };

/** What it is called in a sentence. */
export function sayScope({ level, name }: Scope): string {
  if (level === "studio") return "the whole studio";
  return level === "project" ? `the project ${name}` : `the scene type ${name}`;
}
