import { expect, test } from 'vitest';
import { CookieJar } from './cookie-jar.ts';

test('cookies go to paths below theirs, the longest path first', () => {
  const jar = new CookieJar();
  jar.setFromResponse('a=1', '/');
  jar.setFromResponse('b=2; Path=/docs', '/');
  jar.setFromResponse('c=3', '/docs/page');
  expect(jar.headerFor('/docs/x?q=1')).toBe('b=2; c=3; a=1');
  expect(jar.headerFor('/docsets')).toBe('a=1');
});

test('a name is replaced in its place, and removed by an expiry in the past', () => {
  const jar = new CookieJar();
  jar.setFromResponse('a=1', '/');
  jar.setFromResponse('b=1', '/');
  jar.setFromResponse('a=2', '/');
  expect(jar.headerFor('/')).toBe('a=2; b=1');
  jar.setFromResponse('a=; Expires=Thu, 01 Jan 1970 00:00:00 GMT', '/');
  jar.setFromResponse('b=; Max-Age=0', '/');
  expect(jar.headerFor('/')).toBe('');
});

test('time passes: Max-Age counts from now and wins over Expires', () => {
  let now = 1000;
  const jar = new CookieJar(() => now);
  jar.setFromResponse('a=1; Max-Age=10; Expires=Thu, 01 Jan 1970 00:00:00 GMT', '/');
  expect(jar.headerFor('/')).toBe('a=1');
  now += 10_000;
  expect(jar.headerFor('/')).toBe('');
});

test('scripts neither see nor touch HttpOnly cookies', () => {
  const jar = new CookieJar();
  expect(jar.setFromResponse('sid=secret; HttpOnly', '/')).toBe(false);
  expect(jar.visibleTo('/')).toBe('');
  expect(jar.setFromScript('sid=mine', '/')).toBe(false);
  expect(jar.setFromScript('other=1; HttpOnly', '/')).toBe(false);
  expect(jar.headerFor('/')).toBe('sid=secret');
});

test('lines that name no cookie, hold controls or are too long are ignored', () => {
  const jar = new CookieJar();
  for (const line of ['', ';', '=', 'a=b\u0001', `a=${'x'.repeat(5000)}`]) expect(jar.setFromResponse(line, '/')).toBe(false);
  expect(jar.headerFor('/')).toBe('');
});

test('the oldest of too many makes room', () => {
  const jar = new CookieJar();
  for (let index = 0; index <= 180; index++) jar.setFromResponse(`c${index}=1`, '/');
  const names = jar.headerFor('/').split('; ');
  expect(names.length).toBe(180);
  expect(names[0]).toBe('c1=1');
});
