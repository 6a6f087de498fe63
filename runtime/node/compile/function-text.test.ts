// What a function says of itself is what was written, however it was compiled.
import { expect, test } from 'vitest';
import { patchFunctionText, writtenText } from './function-text.ts';
import { rewriteScript } from './rewrite.ts';

test.each([
  'async () => { await f(1); }',
  'async () => { await(f)(x); return await (a, await b); }',
  'async () => { for await (const x of y) z(await x); }',
  'async function* g() { yield* h(); yield* (a, b); }',
  'async () => (await import("a")).b',
  'async (a) => a.includes("$$await(") && (await a) /* await */',
])('%s', (source) => {
  const rewritten = rewriteScript(source, 7).source;
  expect(rewritten).not.toBe(source);
  expect(writtenText(rewritten)).toBe(source);
  expect(writtenText(rewriteScript(source, 7, { isGlobal: true }).source)).toBe(source);
  expect(writtenText(rewriteScript(source, 7, { isInContext: true }).source)).toBe(source);
});

test('the patched function looks native', () => {
  const native = Function.prototype.toString;
  try {
    patchFunctionText(Function);
    const patched = Function.prototype.toString;
    expect(patched).not.toBe(native);
    expect(`${patched}`).toBe(native.call(native));
    expect([patched.name, patched.length, 'prototype' in patched]).toEqual(['toString', 0, false]);
    expect(() => patched.call({})).toThrow(TypeError);
  } finally {
    Object.defineProperty(Function.prototype, 'toString', { value: native });
  }
});
