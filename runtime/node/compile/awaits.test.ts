// Awaited values keep their meaning when they go through the helper, however they are written.
import { parse } from 'acorn';
import { expect, test } from 'vitest';
import { awaitEdits } from './awaits.ts';
import { applyEdits } from './edits.ts';

/** Runs the body of an async function twice: as it stands, and rewritten with a helper that only passes values on. */
async function both(body: string): Promise<[plain: unknown, rewritten: unknown]> {
  const source = `(async function () {${body}})`;
  const edits = awaitEdits(parse(source, { ecmaVersion: 'latest' }), '$$await');
  const helper = Object.assign((value: unknown) => value, { each: (value: unknown) => value });
  const run = (text: string): Promise<unknown> => (new Function('$$await', `return ${text}`)(helper) as () => Promise<unknown>)();
  expect(edits).not.toEqual([]);
  return [await run(source), await run(applyEdits(source, edits))];
}

for (const body of [
  'return await 1',
  'return await(1)',
  'return await(await 1, 2)',
  'const f = async (x) => (y) => [x, y]; return (await f(1))(2)',
  'const pick = { one: (x) => x + 1 }; return await(true ? pick.one : null)(4)',
  'const pick = { one: (x) => x + 1 }; return await(await(pick) ? await pick.one(1) : 0)',
  'let sum = 0; const parts = (x) => [x, x]; for await(const n of(parts)(3)) sum += n; return sum',
  'return await`a`',
])
  test(`\`${body}\` gives the same value`, async () => {
    const [plain, rewritten] = await both(body);
    expect(rewritten).toEqual(plain);
  });
