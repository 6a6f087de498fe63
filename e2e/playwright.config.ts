// End-to-end stories in a real Chromium against the built product. One worker: two cores, and stories that measure.
import { defineConfig } from 'playwright/test';

export default defineConfig({
  testDir: '.',
  testMatch: '*.spec.ts',
  outputDir: './artifacts',
  workers: 1,
  timeout: 120_000,
  forbidOnly: true,
  reporter: [['list'], ['json']],
});
