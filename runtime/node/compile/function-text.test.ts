// What a function says of itself is what was written, however it was compiled.
import { runInNewContext } from 'node:vm';
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
  const text = runInNewContext(
    `patch(Function); const patched = Function.prototype.toString;
    let refusal; try { patched.call({}) } catch (error) { refusal = error.name }
    ({ own: patched.call(patched), name: patched.name, length: patched.length, constructs: 'prototype' in patched, refusal })`,
    {
      patch: patchFunctionText,
    },
  ) as object;
  expect(text).toEqual({
    own: 'function toString() { [native code] }',
    name: 'toString',
    length: 0,
    constructs: false,
    refusal: 'TypeError',
  });
});
