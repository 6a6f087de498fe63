// `npm run test:postgres`: starts a Postgres of its own in a temporary folder, runs the registry's contract and the story
// of two servers over it, and removes everything. Needs the postgresql package; as root it runs as the user `postgres`.
import { spawn, spawnSync } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';

const INSTALLED = '/usr/lib/postgresql';
const root = path.dirname(import.meta.dirname);
const [version] = existsSync(INSTALLED) ? readdirSync(INSTALLED).sort((a, b) => Number(b) - Number(a)) : [];
if (version === undefined) {
  console.log('Postgres is not tested: it is not installed (apt-get install postgresql).');
  process.exit(0);
}
const bin = path.join(INSTALLED, version, 'bin');
const folder = mkdtempSync(path.join(tmpdir(), 'vkp-'));
const asUser = process.getuid?.() === 0 ? ['setpriv', '--reuid=postgres', '--regid=postgres', '--init-groups'] : [];
if (asUser.length > 0) chownSync(folder, idOf('-u'), idOf('-g'));

const data = path.join(folder, 'data');
run([path.join(bin, 'initdb'), '--pgdata', data, '--auth', 'trust', '--username', 'verklet']);
const port = await freePort();
const [file = '', ...args] = [
  ...asUser,
  path.join(bin, 'postgres'),
  ...['-D', data, '-p', String(port), '-h', '127.0.0.1', '-k', folder, '-c', 'fsync=off'],
];
const server = spawn(file, args, { stdio: 'ignore' });
let code = 1;
try {
  await ready();
  const tests = ['node_modules/vitest/vitest.mjs', 'run', '--project', 'node', 'server/state', 'server/sessions/replicas.test.ts'];
  const env = { ...process.env, VERKLET_TEST_POSTGRES: `postgres://verklet@127.0.0.1:${port}/postgres` };
  code = spawnSync(process.execPath, tests, { cwd: root, stdio: 'inherit', env }).status ?? 1;
} finally {
  const ended = new Promise((resolve) => server.once('exit', resolve));
  server.kill('SIGINT');
  await ended;
  rmSync(folder, { recursive: true, force: true });
}
process.exit(code);

async function ready(): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    if (spawnSync(path.join(bin, 'pg_isready'), ['-h', '127.0.0.1', '-p', String(port)]).status === 0) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error('Postgres did not start');
}

function run(command: readonly string[]): void {
  const [name = '', ...rest] = [...asUser, ...command];
  const { status, stderr } = spawnSync(name, rest, { encoding: 'utf8', cwd: folder });
  if (status !== 0) throw new Error(`${command.join(' ')}: ${stderr}`);
}

function idOf(flag: '-u' | '-g'): number {
  return Number(spawnSync('id', [flag, 'postgres'], { encoding: 'utf8' }).stdout);
}

async function freePort(): Promise<number> {
  const holder = createServer();
  await new Promise<void>((resolve) => holder.listen(0, '127.0.0.1', resolve));
  const { port: free } = holder.address() as AddressInfo;
  await new Promise((resolve) => holder.close(resolve));
  return free;
}
