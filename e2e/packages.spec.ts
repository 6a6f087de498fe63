// Real packages in the tab print what real Node prints: a quick selection; `npm run packages` runs all.
import { expect, test } from 'playwright/test';
import { launchRuntime, type Harness } from './harness.ts';
import { packageCases, recorded } from './packages/packages.ts';
import { runInTab } from './packages/run.ts';

const QUICK = ['fastify', 'koa', 'hono', 'ws', 'pino', 'jsonwebtoken', 'jose', 'marked', 'prettier'];

let runtime: Harness;
test.beforeAll(async () => {
  runtime = await launchRuntime();
});
test.afterAll(() => runtime.close());

for (const packageCase of packageCases.filter(({ name }) => QUICK.includes(name))) {
  test(`${packageCase.name} ${packageCase.dependencies[packageCase.name] ?? ''} prints what real Node prints`, async () => {
    test.setTimeout(120_000);
    const { stdout, code, stderr } = await runInTab(runtime, packageCase);
    expect({ stdout, code }, stderr).toEqual(recorded[packageCase.name]);
  });
}
