// `npm run doctor`: checks every hop between a browser and a box on this machine, and says what to do about each that fails.
import { lookup } from 'node:dns/promises';
import { accessSync, constants, existsSync, mkdirSync } from 'node:fs';
import { get } from 'node:http';
import path from 'node:path';
import { WebSocket } from 'ws';
import { readConfig } from './config.ts';
import { candidates } from './drivers/choose.ts';
import { listen } from './listen.ts';

interface Check {
  readonly name: string;
  /** Resolves with what was found; rejects with what is wrong and what to do. */
  run(): Promise<string>;
}

const config = readConfig();
const server = await listen({ ...config, port: 0 });
const previewHost = config.previewHosts[0] ?? '';
const label = 'doctoraaaaaaaaaaaaaaaaaaaa';

const checks: Check[] = [
  { name: 'build', run: () => found(path.join(config.distFolder, 'app/index.html'), 'the app is built', 'run `npm run build`') },
  { name: 'data folder', run: async () => writable(config.sessions.dataFolder) },
  { name: 'app page', run: () => answers(config.appHost, '/', 200) },
  { name: 'workspace origin', run: () => answers(`${label}.${previewHost}`, '/__verklet/frame.html', 200) },
  { name: 'preview origin', run: () => answers(`3000--${label}.${previewHost}`, '/__verklet/bridge.html', 200) },
  { name: 'name of the app', run: () => resolves(config.appHost) },
  { name: 'names of previews', run: () => resolves(`3000--${label}.${previewHost}`) },
  { name: 'package registry', run: () => answers(config.appHost, '/-/registry/is-number', 200) },
  { name: 'session API', run: async () => `sessions ${(await server.sessions.status()).sessions}` },
  { name: 'session stream', run: streams },
  ...(await candidates(config.sessions, 'doctor')).map((driver) => ({
    name: `driver ${driver.name}`,
    run: async () => {
      const result = await driver.probe();
      if (!result.isAvailable) throw new Error(result.reason);
      return result.detail;
    },
  })),
];

let failed = 0;
for (const { name, run } of checks) {
  const line = await run().then(
    (detail) => `ok    ${name}: ${detail}`,
    (error: unknown) => {
      failed++;
      return `FAIL  ${name}: ${error instanceof Error ? error.message : String(error)}`;
    },
  );
  process.stdout.write(`${line}\n`);
}
const { sessions, reason } = await server.sessions.status();
process.stdout.write(
  sessions === 'available' ? `Sessions run with ${reason}.\n` : `Sessions do not run (${reason}); the product works in the browser.\n`,
);
await server.close();
process.exit(failed > 0 && sessions !== 'available' ? 1 : 0);

async function found(file: string, detail: string, remedy: string): Promise<string> {
  if (!existsSync(file)) throw new Error(`${file} is missing: ${remedy}`);
  return detail;
}

function writable(folder: string): string {
  mkdirSync(folder, { recursive: true });
  accessSync(folder, constants.W_OK);
  return folder;
}

/** Not by fetch: it does not let us say which host is meant. */
async function answers(host: string, pathname: string, status: number): Promise<string> {
  const answered = await new Promise<number | undefined>((resolve, reject) => {
    const request = get(
      { host: '127.0.0.1', port: server.port, path: pathname, headers: { host: `${host}:${server.port}` } },
      (response) => {
        response.resume();
        resolve(response.statusCode);
      },
    );
    request.on('error', reject);
  });
  if (answered !== status) throw new Error(`${host}${pathname} answered ${answered} instead of ${status}`);
  return `${host}${pathname} answers`;
}

async function resolves(host: string): Promise<string> {
  const addresses = await lookup(host, { all: true }).catch(() => []);
  // Browsers know *.localhost by themselves; other names need an entry, for previews a wildcard.
  if (addresses.length === 0 && !host.endsWith('.localhost'))
    throw new Error(`${host} has no address: add a DNS record, for previews a wildcard`);
  return addresses.length === 0 ? `${host} is known to browsers` : `${host} is ${addresses.map(({ address }) => address).join(', ')}`;
}

/** A stream without a grant must be closed with the code that says so: then upgrades reach us. */
function streams(): Promise<string> {
  const socket = new WebSocket(`ws://127.0.0.1:${server.port}/-/v1/sessions/none/stream`, {
    origin: `${config.scheme}://${config.appHost}:${server.port}`,
  });
  return new Promise((resolve, reject) => {
    socket.on('open', () => socket.send('{}'));
    socket.on('close', (code) => (code === 4401 ? resolve('upgrades arrive, and want a grant') : reject(new Error(`closed with ${code}`))));
    socket.on('error', (error) => reject(new Error(`${error.message}: does a proxy in between pass upgrades on?`)));
  });
}
