import { expect, test } from 'vitest';
import { applyCookie } from './cookies.ts';

test('document.cookie reads what was just written', () => {
  expect(applyCookie('', 'a=1; path=/')).toBe('a=1');
  expect(applyCookie('a=1; b=2', 'a=3')).toBe('b=2; a=3');
  expect(applyCookie('a=1; b=2', 'a=; max-age=0')).toBe('b=2');
  expect(applyCookie('a=1', 'a=; expires=Thu, 01 Jan 1970 00:00:00 GMT')).toBe('');
  expect(applyCookie('a=1', 'b=2; HttpOnly')).toBe('a=1');
});
