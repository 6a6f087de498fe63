// Every twelfth of the recorded Python programs; all of them with `npm run python-suite`.
import { expect, test } from 'playwright/test';
import { launchRuntime, type Harness } from './harness.ts';
import { differences, recordedPrograms } from './python/suite.ts';

const SHARE = 12;
/** Where this build of Python is known to differ: Emscripten's errno numbers and texts, and hashes of 32 bits. */
const KNOWN = new Set(['cli: missing file!', 'files: symlink loop', 'library: big numbers', 'network: address in use']);

let harness: Harness;
test.beforeAll(async () => void (harness = await launchRuntime()));
test.afterAll(() => harness.close());

test('recorded programs do what CPython did', async () => {
  const chosen = recordedPrograms().filter(({ name }, index) => index % SHARE === 0 && !KNOWN.has(name));
  expect(chosen.length).toBeGreaterThan(15);
  const failed: Record<string, string[]> = {};
  for (const program of chosen) {
    const found = await differences(harness, program);
    if (found.length > 0) failed[program.name] = found;
  }
  expect(failed).toEqual({});
});
