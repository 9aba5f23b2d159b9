import AxeBuilder from "@axe-core/playwright";
import { furnish } from "./furnish";
import { screens, settled } from "./pages";
import { expect, test } from "./studio";

// WCAG 2.2 AA; what axe calls minor or moderate is printed, and looked at by people.
const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

test.describe("every screen can be used by everybody (UI-1 to UI-5)", () => {
  test.setTimeout(600_000);
  for (const scheme of ["light", "dark"] as const) {
    test(`axe finds nothing serious, ${scheme}`, async ({ studio, desk }) => {
      await furnishOnce(studio);
      await desk.emulateMedia({ colorScheme: scheme, reducedMotion: "reduce" });
      const found: string[] = [];
      for (const screen of await screens(studio)) {
        await desk.goto(screen.path);
        await settled(desk);
        await screen.then?.(desk);
        const { violations } = await new AxeBuilder({ page: desk }).withTags(TAGS).analyze();
        for (const { id, impact, nodes, help } of violations) {
          const where = nodes
            .slice(0, 3)
            .map(({ target, failureSummary }) => `${target.join(" ")}: ${failureSummary}`)
            .join("\n    ");
          const says = `${screen.name} (${scheme}): ${impact} ${id}, ${help}, ${nodes.length} times\n    ${where}`;
          if (impact === "serious" || impact === "critical") found.push(says);
          else console.log(says);
        }
      }
      expect(found.join("\n")).toBe("");
    });
  }
});

const furnished = new WeakSet<object>();
async function furnishOnce(studio: Parameters<typeof furnish>[0]) {
  if (furnished.has(studio)) return;
  furnished.add(studio);
  await furnish(studio);
}
