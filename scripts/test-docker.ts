// `npm run test:docker`: starts a Docker engine of its own in a network namespace, makes the test image from this machine's
// packages, and runs against it: the driver's suite, the engine's death, and (`-- stories`) the promotion story in a browser
// with the network cut for a minute. Removes everything. Needs root and the docker.io package.
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { makeTestImage } from '../server/drivers/testing/test-image.ts';
import { OwnEngine } from '../server/drivers/testing/own-engine.ts';

const IMAGE = 'verklet/test:1';
const root = path.dirname(import.meta.dirname);
const missing = OwnEngine.missing();
if (missing !== null) {
  console.log(`The Docker driver is not tested: ${missing}.`);
  process.exit(0);
}
const engine = await OwnEngine.start();
let code = 1;
try {
  console.log('Making the test image from installed packages ...');
  await makeTestImage(engine.socket, IMAGE);
  code = process.argv.includes('stories') ? stories() : suites();
} finally {
  await engine.close();
}
process.exit(code);

function suites(): number {
  return node(
    ['node_modules/vitest/vitest.mjs', 'run', '--project', 'node', 'server/drivers/docker.test.ts', 'server/drivers/docker-faults.test.ts'],
    {
      VERKLET_TEST_DOCKER: engine.socket,
    },
  );
}

function stories(): number {
  const test = [
    'node_modules/playwright/cli.js',
    'test',
    '--config',
    'e2e/playwright.config.ts',
    '--reporter=list',
    'e2e/promotion.spec.ts',
  ];
  return node(test, {
    VERKLET_DRIVER: 'docker',
    DOCKER_HOST: engine.socket,
    VERKLET_IMAGE: IMAGE,
    VERKLET_TEST_CUT_SECONDS: '60',
  });
}

function node(args: readonly string[], env: Readonly<Record<string, string>>): number {
  return spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit', env: { ...process.env, ...env } }).status ?? 1;
}
