// `npm run test:docker`: starts a Docker engine of its own in a network namespace, makes the test image from this machine's
// packages, runs the Docker driver's tests against it, and removes everything. Needs root and the docker.io package.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { makeTestImage } from '../server/drivers/testing/test-image.ts';

const NAMESPACE = `verklet-${process.pid}`;
const root = path.dirname(import.meta.dirname);

if (process.getuid?.() !== 0 || spawnSync('dockerd', ['--version']).status !== 0) {
  console.log('The Docker driver is not tested: this needs root and dockerd (apt-get install docker.io iptables).');
  process.exit(0);
}
const folder = mkdtempSync(path.join(tmpdir(), 'vkd-'));
const socket = path.join(folder, 'docker.sock');
run('ip', ['netns', 'add', NAMESPACE]);
run('nsenter', [`--net=/run/netns/${NAMESPACE}`, 'ip', 'link', 'set', 'lo', 'up']);
const pidFile = path.join(folder, 'pid');
const daemon = spawn(
  'nsenter',
  [
    `--net=/run/netns/${NAMESPACE}`,
    'dockerd',
    ...['--data-root', path.join(folder, 'data'), '--exec-root', path.join(folder, 'exec'), '--pidfile', pidFile],
    ...['-H', `unix://${socket}`, '--bridge=none', '--iptables=false'],
  ],
  { stdio: 'ignore' },
);
let code = 1;
try {
  await ready();
  console.log('Making the test image from installed packages ...');
  await makeTestImage(socket, 'verklet/test:1');
  const tests = ['node_modules/vitest/vitest.mjs', 'run', '--project', 'node', 'server/drivers/docker.test.ts'];
  code =
    spawnSync(process.execPath, tests, { cwd: root, stdio: 'inherit', env: { ...process.env, VERKLET_TEST_DOCKER: socket } }).status ?? 1;
} finally {
  const ended = new Promise((resolve) => daemon.once('exit', resolve));
  if (existsSync(pidFile)) process.kill(Number(readFileSync(pidFile, 'utf8')));
  await ended;
  run('ip', ['netns', 'delete', NAMESPACE]);
  rmSync(folder, { recursive: true, force: true });
}
process.exit(code);

async function ready(): Promise<void> {
  for (let tries = 0; tries < 150; tries++) {
    if (existsSync(socket) && spawnSync('docker', ['-H', `unix://${socket}`, 'version']).status === 0) return;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error('dockerd did not start');
}

function run(file: string, args: readonly string[]): void {
  const { status, stderr } = spawnSync(file, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${file} ${args.join(' ')}: ${stderr}`);
}
