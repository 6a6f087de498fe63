// The shell and its programs print what real dash, bash and coreutils print: the recorded snippets, run in the tab.
import { expect, test } from 'playwright/test';
import { launchRuntime, type Harness } from './harness.ts';
import { ENVIRONMENT, readRecordings, readSnippets } from './shell-snippets/format.ts';

/** The share of snippets that must be equal in output and exit code; the rest is listed by the test. */
const BAR = 0.97;
/** Snippets run beside one another: as many as there are spare workers worth having. */
const PARALLEL = 4;

let harness: Harness;
test.beforeAll(async () => {
  harness = await launchRuntime({ env: ENVIRONMENT });
});
test.afterAll(() => harness.close());

test('recorded snippets print the same and end with the same code', async () => {
  test.setTimeout(300_000);
  const recordings = readRecordings();
  const snippets = readSnippets();
  const different: string[] = [];
  const queue = [...snippets.entries()];
  const worker = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const [index, { name, shell, script }] = next;
      const cwd = `/tmp/snippets/${index}`;
      await harness.fs.mkdir(cwd);
      const { stdout, code, timedOut } = await harness.spawn(shell, ['-c', script], { cwd, env: ENVIRONMENT, timeoutMs: 20_000 });
      const expected = recordings[name];
      if (expected === undefined) throw new Error(`${name} was never recorded`);
      if (stdout.toString() === expected.stdout && code === expected.code) continue;
      different.push(
        `${name}${timedOut ? ' (timed out)' : ''}: ${JSON.stringify({ stdout: stdout.toString().slice(0, 300), code })}, not ${JSON.stringify({ ...expected, stdout: expected.stdout.slice(0, 300) })}`,
      );
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, worker));
  const share = 1 - different.length / snippets.length;
  console.log(`${snippets.length - different.length} of ${snippets.length} snippets equal (${(share * 100).toFixed(1)} %)`);
  if (different.length > 0) console.log(different.join('\n'));
  expect(snippets.length).toBeGreaterThanOrEqual(300);
  expect(share).toBeGreaterThanOrEqual(BAR);
});
