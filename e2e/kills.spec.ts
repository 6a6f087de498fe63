// A few kills of tabs and browsers during saves; `npm run kills` does two hundred.
import { expect, test } from 'playwright/test';
import { killRepeatedly } from './kills/kills.ts';

test('a killed tab or browser leaves one whole state, never older than what was confirmed', async () => {
  const report = await killRepeatedly({ tabs: 5, browsers: 2 });
  expect(report.problems).toEqual([]);
});
