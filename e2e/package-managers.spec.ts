// Other package managers, and what they stand on: programs reach servers outside the workspace through the browser.
import { expect, test } from 'playwright/test';
import { launchRuntime, type Harness } from './harness.ts';

test.setTimeout(120_000);

let runtime: Harness;
test.beforeAll(async () => {
  runtime = await launchRuntime();
  await runtime.fs.writeFile(
    '/workdir/package.json',
    JSON.stringify({ name: 'app', version: '1.0.0', dependencies: { 'is-odd': '3.0.1' } }),
  );
});
test.afterAll(() => runtime.close());

async function sh(line: string): Promise<string> {
  const { code, stdout, stderr } = await runtime.spawn('sh', ['-c', line], { timeoutMs: 100_000 });
  if (code !== 0) throw new Error(`${line} ended with ${code}: ${stderr.toString()}`);
  return stdout.toString();
}

const usesPackage = `node -p "require('is-odd')(3)"`;

test('https and fetch reach a server outside', async () => {
  const program = `
    require('https').get('https://registry.npmjs.org/is-odd', (response) => {
      let size = 0;
      response.on('data', (chunk) => (size += chunk.length)).on('end', () => console.log(response.statusCode, size > 1000));
    });
    fetch('https://registry.npmjs.org/is-odd').then(async (response) => console.log((await response.json()).name));`;
  await runtime.fs.writeFile('/workdir/get.js', program);
  expect((await sh('node get.js')).split('\n').sort()).toEqual(['', '200 true', 'is-odd']);
});

test('what cannot leave says so', async () => {
  await runtime.fs.writeFile(
    '/workdir/raw.js',
    `require('net').connect(5432, 'db.example.com').on('error', (error) => console.log(error.code)).write('\\0\\0');
     fetch('https://no-such-host.example.com/').catch((error) => console.log(error.cause.code, error.cause.message.includes('CORS')));`,
  );
  expect((await sh('node raw.js')).split('\n').sort()).toEqual(['', 'ECONNREFUSED true', 'ERR_FEATURE_UNAVAILABLE_ON_PLATFORM']);
});

for (const [title, command] of [
  ['the published npm', 'npm --real install'],
  ['pnpm 10', 'npx -y pnpm@10 install'],
  ['yarn 1', 'npx -y yarn@1 install'],
] as const) {
  test(`${title} installs as an ordinary program`, async () => {
    await sh(`rm -rf node_modules package-lock.json && ${command}`);
    expect(await sh(usesPackage)).toBe('true\n');
  });
}
