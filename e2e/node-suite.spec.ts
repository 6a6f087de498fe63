// The compatibility page says what was measured, and nothing that worked has become a refusal since. The measurement itself
// needs Node's own test files and is a command of its own (`npm run compatibility`).
import { readFileSync } from 'node:fs';
import { expect, test } from 'playwright/test';
import { launchRuntime } from './harness.ts';
import { pageFile, readCompatibility, renderPage, summarize } from './node-suite/results.ts';
import { readScope } from './node-suite/scope.ts';
import { unsupportedCalls } from './node-suite/unsupported.ts';

const committed = readCompatibility();

test('the page is the one that the results make', () => {
  expect(readFileSync(pageFile, 'utf8')).toBe(renderPage(committed));
});

test('the counts follow from the failing files, all of them in scope', () => {
  const scope = readScope();
  const files = new Set(scope.map(({ file }) => file));
  expect(committed.failing.filter((file) => !files.has(file))).toEqual([]);
  expect(summarize(scope, new Set(committed.failing), committed.node, [...committed.unsupported])).toEqual(committed);
});

test('no native function refuses that did not before', async () => {
  await using runtime = await launchRuntime();
  const calls = await unsupportedCalls(runtime);
  expect(calls.length).toBeGreaterThan(0);
  expect(calls.filter((name) => !committed.unsupported.includes(name))).toEqual([]);
});
