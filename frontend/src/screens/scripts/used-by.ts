import { configOf, type Hook } from "@/parts/hook-words";

/** The hooks that run each script; libraries beside them are not named anywhere. */
export function hooksByScript(hooks: readonly Hook[]): Map<string, Hook[]> {
  const found = new Map<string, Hook[]>();
  for (const hook of hooks) {
    const path = configOf(hook).script_path;
    if (!path) continue;
    const others = found.get(path);
    if (others) others.push(hook);
    else found.set(path, [hook]);
  }
  return found;
}
