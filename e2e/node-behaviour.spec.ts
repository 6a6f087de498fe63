// Small programs over files, sockets, HTTP, children, threads and stdin print in the tab what real Node prints: the recorded table.
import { expect, test } from 'playwright/test';
import { asyncBehaviourCases } from '../runtime/node/async-behaviour.cases.ts';
import { ioBehaviourCases } from '../runtime/node/io-behaviour.cases.ts';
import { launchRuntime, type Harness } from './harness.ts';

let harness: Harness;
test.beforeAll(async () => {
  harness = await launchRuntime();
});
test.afterAll(() => harness.close());

for (const { name, program, stdin, stdout, exitCode } of [...ioBehaviourCases, ...asyncBehaviourCases]) {
  test(name, async () => {
    await harness.fs.writeFile('/workdir/program.js', program);
    const result = await harness.spawn('node', ['program.js'], { timeoutMs: 15_000, ...(stdin === undefined ? {} : { stdin }) });
    expect({ stdout: result.stdout.toString(), stderr: result.stderr.toString(), code: result.code }).toEqual({
      stdout,
      stderr: '',
      code: exitCode,
    });
  });
}
