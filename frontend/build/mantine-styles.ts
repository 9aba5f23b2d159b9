/**
 * Gives each of Mantine's components its own styles where it is used, in Mantine's
 * layer: a page loads the styles of what is on it, and ours always come after them.
 * While developing, all styles are loaded at once (see `src/styles/all.ts`).
 */
import type { Plugin } from "vite";

const CLASSES = /\/@mantine\/core\/esm\/.*\/(\w+)\.module\.mjs$/;

export function mantineStyles(): Plugin {
  return {
    name: "mantine-styles",
    apply: "build",
    transform(code, id) {
      const [, component] = CLASSES.exec(id) ?? [];
      if (!component) return null;
      return { code: `import "@mantine/core/styles/${component}.layer.css";\n${code}`, map: null };
    },
  };
}
