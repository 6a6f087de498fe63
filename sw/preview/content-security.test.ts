import { expect, test } from 'vitest';
import { previewPolicy } from './content-security.ts';

const secure = { nonce: 'N', isSecure: true };

test.each([
  ["default-src 'self'", "default-src 'self'; script-src-elem 'self' 'nonce-N'"],
  ["script-src 'none'", "script-src 'none'; script-src-elem 'nonce-N'"],
  ["script-src 'self' 'unsafe-inline'", "script-src 'self' 'unsafe-inline'"],
  ["script-src 'unsafe-inline' 'nonce-a'", "script-src 'unsafe-inline' 'nonce-a'; script-src-elem 'unsafe-inline' 'nonce-a' 'nonce-N'"],
  ["script-src-elem 'self'; script-src 'none'", "script-src-elem 'self' 'nonce-N'; script-src 'none'"],
  ["img-src 'self'; frame-ancestors 'none'", "img-src 'self'"],
  ["frame-ancestors 'none'", ''],
  ["img-src a, default-src 'self'", "img-src a, default-src 'self'; script-src-elem 'self' 'nonce-N'"],
])('%s', (policy, expected) => {
  expect(previewPolicy(policy, secure)).toBe(expected);
});

test('an upgrade to https would cut a plain-http preview off', () => {
  expect(previewPolicy('upgrade-insecure-requests; img-src a', { nonce: null, isSecure: false })).toBe('img-src a');
});
