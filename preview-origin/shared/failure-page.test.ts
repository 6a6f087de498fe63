import { expect, test } from 'vitest';
import { failurePage } from './failure-page.ts';

test('each reason has its status, and says it in text and HTML', () => {
  const status = (reason: Parameters<typeof failurePage>[0]) => failurePage(reason, { port: 3000, detail: '' }).status;
  expect([status('no-workspace'), status('no-such-port'), status('process-died'), status('timeout')]).toEqual([503, 502, 502, 504]);
  expect(failurePage('no-such-port', { port: 3000, detail: '' }).html).toContain('Nothing listens');
});

test('details are text, never markup', () => {
  const page = failurePage('bad-response', { port: 1, detail: '<img src=x onerror=alert(1)>', appUrl: 'x"y' });
  expect(page.html).not.toContain('<img');
  expect(page.html).not.toContain('x"y');
});
