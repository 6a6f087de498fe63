// The browser drops an idle preview service worker; nobody may notice. Without developer tools, which would keep it alive.
import path from 'node:path';
import { expect, test } from 'playwright/test';
import { runUnattended } from './unattended/run.ts';

interface Report {
  readonly answers: readonly string[];
  /** How often the service worker, started anew, asked for its port again. */
  readonly reconnections: number;
  readonly events: readonly string[];
}

test('no request is lost when the service worker died, and an open stream keeps it alive', async () => {
  test.setTimeout(200_000);
  const report = await runUnattended<Report>({
    program: path.join(import.meta.dirname, 'programs/idle-death.cjs'),
    timeoutMs: 190_000,
  });
  expect(report.reconnections).toBe(1);
  expect(report.answers).toEqual(Array.from({ length: 4 }, () => 'alive'));
  expect(report.events).toEqual(['early', 'late']);
});
