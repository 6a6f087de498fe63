// Real projects in the tab, the quick ones; `npm run real-projects` runs all.
import { expect, test } from 'playwright/test';
import { launchRuntime, type Harness } from './harness.ts';
import { realProjects, runProject } from './real-projects.ts';

const QUICK = ['express-rest', 'socket-io', 'nodemon', 'esbuild-cli', 'concurrently', 'tsc6', 'eslint', 'vite5-esbuild-rollup'];

let runtime: Harness;
test.beforeAll(async () => {
  runtime = await launchRuntime();
});
test.afterAll(() => runtime.close());

for (const project of realProjects.filter(({ id }) => QUICK.includes(id))) {
  test(`${project.id} does in the tab what it does natively`, async () => {
    test.setTimeout(120_000);
    for (const { run, problems } of await runProject(runtime, project)) expect(problems, run).toEqual([]);
  });
}

test('a package that needs native code is refused when it is installed, with its name and the reason', async () => {
  const project = realProjects.find(({ id }) => id === 'better-sqlite3');
  await runtime.fs.mkdir('/workdir/native');
  await runtime.fs.writeFile('/workdir/native/package.json', JSON.stringify(project?.packageJson));
  const refused = await runtime.spawn('npm', ['install'], { cwd: '/workdir/native' });
  expect(refused.code).toBe(1);
  expect(refused.stderr.toString()).toMatch(/ERR_NATIVE_ADDON[\s\S]*better-sqlite3@12\.\d+\.\d+ needs native code/);
  expect(await runtime.fs.readdir('/workdir/native')).toEqual(['package.json']);
});
