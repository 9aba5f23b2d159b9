import AxeBuilder from "@axe-core/playwright";
import { AREAS } from "./pages";
import { expect } from "./studio";
import { SCHEMES, test } from "./visitors";

// WCAG 2.2 AA; what axe calls minor or moderate is printed, and looked at by people.
const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
/** All that the other scheme can be wrong in: the page is the same. */
const OF_COLOURS = ["color-contrast", "link-in-text-block"];

// A server of its own: what is on it for all to see would be in the way of other stories.
test.use({ isFurnished: true, trace: "off" });

test.describe("every screen can be used by everybody (UI-1 to UI-5)", () => {
  test.setTimeout(900_000);
  for (const [area, screens] of Object.entries(AREAS)) {
    test(`axe finds nothing serious, light and dark: ${area}`, async ({ studio, visit }) => {
      for (const screen of await screens(studio)) {
        const page = await test.step(screen.name, () => visit.see(screen));
        for (const scheme of SCHEMES) {
          await visit.light(page, scheme);
          const axe = new AxeBuilder({ page });
          const { violations } = await (
            scheme === SCHEMES[0] ? axe.withTags(TAGS) : axe.withRules(OF_COLOURS)
          ).analyze();
          for (const { id, impact, nodes, help } of violations) {
            const where = nodes
              .slice(0, 3)
              .map(({ target, failureSummary }) => `${target.join(" ")}: ${failureSummary}`)
              .join("\n    ");
            const says = `${screen.name} (${scheme}): ${impact} ${id}, ${help}, ${nodes.length} times\n    ${where}`;
            if (impact === "serious" || impact === "critical") expect.soft(says).toBe("");
            else console.log(says);
          }
        }
      }
    });
  }
});
