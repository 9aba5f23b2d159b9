import { defineConfig } from "@playwright/test";

const browser = {
  browserName: "chromium" as const,
  viewport: { width: 1440, height: 900 },
  // People who test as root cannot have Chromium's own sandbox; all pages are ours.
  launchOptions: {
    executablePath: process.env.STAGEHOOK_CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-dev-shm-usage"],
  },
  locale: "en-GB",
  timezoneId: "UTC",
  contextOptions: { reducedMotion: "reduce" as const },
};

export default defineConfig({
  testDir: "stories",
  outputDir: "test-results",
  // Two processors are what the smallest machine of a build has.
  workers: 2,
  fullyParallel: false,
  forbidOnly: !!process.env.CI,
  timeout: 90_000,
  expect: { timeout: 15_000 },
  // The second is what `make test` tells the outcome from.
  reporter: [["list"], ["junit", { outputFile: "../target/playwright/junit.xml" }]],
  use: { ...browser, trace: "retain-on-failure", actionTimeout: 15_000 },
  projects: [
    { name: "stories", testMatch: "*.spec.ts" },
    { name: "bench", testMatch: "bench.ts", timeout: 1_200_000 },
    { name: "screens", testMatch: "screens.ts", timeout: 600_000 },
  ],
});
