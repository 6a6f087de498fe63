// `npm run test:image`: builds deploy/Dockerfile on an engine of its own, over a base made from this machine's packages,
// runs the server from the image with that engine for its boxes, and uses the product in a browser. Needs root, dockerd and
// the npm registry. Takes minutes.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { launchChromium } from '../e2e/chromium.ts';
import { makeTestImage } from '../server/drivers/testing/test-image.ts';
import { OwnEngine } from '../server/drivers/testing/own-engine.ts';

const root = path.dirname(import.meta.dirname);
const PORT = '4473';
const missing = OwnEngine.missing();
if (missing !== null) {
  console.log(`The image is not tested: ${missing}.`);
  process.exit(0);
}
const engine = await OwnEngine.start({ isOnHostNetwork: true });
try {
  console.log('Making a base from installed packages ...');
  await makeTestImage(engine.socket, 'verklet/test:1', ['bubblewrap', 'util-linux', 'bash']);
  trustAsHere();
  console.log('Building deploy/Dockerfile ...');
  docker('build', '--network', 'host', '--build-arg', 'BASE=verklet/base:1', '-t', 'verklet/server', '-f', 'deploy/Dockerfile', '.');
  const environment = { VERKLET_PORT: PORT, VERKLET_ADDRESS: '127.0.0.1', DOCKER_HOST: '/engine.sock', VERKLET_IMAGE: 'verklet/test:1' };
  const settings = Object.entries(environment).flatMap(([name, value]) => ['-e', `${name}=${value}`]);
  docker('run', '-d', '--name', 'server', '--network', 'host', '-v', `${engine.socket}:/engine.sock`, ...settings, 'verklet/server');
  await useProduct();
  console.log('The server runs from its image: Node in the tab, gcc in a box of the engine.');
} catch (error) {
  spawnSync('docker', ['-H', `unix://${engine.socket}`, 'logs', 'server'], { stdio: 'inherit' });
  throw error;
} finally {
  spawnSync('docker', ['-H', `unix://${engine.socket}`, 'rm', '-f', 'server'], { stdio: 'ignore' });
  await engine.close();
}
process.exit(0);

async function useProduct(): Promise<void> {
  for (let tries = 0; tries < 120 && !(await isHealthy()); tries++) await new Promise((resolve) => setTimeout(resolve, 500));
  await using browser = await launchChromium();
  const page = await browser.context.newPage();
  await page.goto(`http://embed.localhost:${PORT}/console.html`);
  await page.waitForFunction(() => 'verklet' in globalThis);
  const said = await page.evaluate(async (host) => {
    const runtime = await globalThis.verklet.Runtime.boot({ previewHost: host });
    const run = async (command: string, args: string[]): Promise<string> =>
      new Response((await runtime.spawn(command, args)).output).text();
    const inTab = await run('node', ['-p', '6 * 7']);
    await runtime.fs.writeFile('a.c', '#include <stdio.h>\nint main(void) { puts("compiled"); return 0; }');
    const inBox = await run('sh', ['-c', 'gcc a.c && ./a.out']);
    await runtime.server?.demote();
    await runtime.dispose();
    return [inTab, inBox];
  }, `preview.verklet.localhost:${PORT}`);
  if (said[0] !== '42\n' || said[1] !== 'compiled\n') throw new Error(`the product said ${JSON.stringify(said)}`);
}

function isHealthy(): Promise<boolean> {
  return fetch(`http://127.0.0.1:${PORT}/-/health`).then(
    ({ ok }) => ok,
    () => false,
  );
}

/** The base trusts whom this machine trusts: its registry may stand behind a proxy. */
function trustAsHere(): void {
  const folder = mkdtempSync(path.join(tmpdir(), 'vkb-'));
  const authorities = process.env['NODE_EXTRA_CA_CERTS'];
  writeFileSync(path.join(folder, 'ca.pem'), authorities === undefined ? '' : readFileSync(authorities));
  writeFileSync(
    path.join(folder, 'Dockerfile'),
    'FROM verklet/test:1\nCOPY ca.pem /etc/ca.pem\nENV NODE_EXTRA_CA_CERTS=/etc/ca.pem PATH=/usr/local/bin:/usr/bin:/bin\n',
  );
  docker('build', '-t', 'verklet/base:1', folder);
  rmSync(folder, { recursive: true });
}

function docker(...args: string[]): void {
  execFileSync('docker', ['-H', `unix://${engine.socket}`, ...args], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, DOCKER_BUILDKIT: '0' },
  });
}
