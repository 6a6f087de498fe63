// npm as typed: a package added to an empty folder, a package run without installing it, a project made by an initializer.
import { expect, test } from 'playwright/test';
import { launchRuntime, type Harness, type SpawnedResult } from './harness.ts';

test.describe.configure({ mode: 'serial' });
test.setTimeout(120_000);

let runtime: Harness;

test.beforeAll(async () => {
  runtime = await launchRuntime();
});
test.afterAll(async () => {
  await runtime.close();
});

async function sh(line: string): Promise<SpawnedResult & { readonly out: string; readonly err: string }> {
  const result = await runtime.spawn('sh', ['-c', line], { timeoutMs: 90_000 });
  return Object.assign(result, { out: result.stdout.toString(), err: result.stderr.toString() });
}

test('a package is resolved, installed, recorded and used', async () => {
  const made = await sh('mkdir one && cd one && npm init -y && npm install is-odd@3.0.1');
  expect(made.err).toBe('');
  expect(made.out).toContain('added 2 packages');
  const manifest = JSON.parse((await runtime.fs.readFile('/workdir/one/package.json')).toString()) as Record<string, unknown>;
  expect(manifest['dependencies']).toEqual({ 'is-odd': '^3.0.1' });
  const lockfile = JSON.parse((await runtime.fs.readFile('/workdir/one/package-lock.json')).toString()) as { packages: object };
  expect(Object.keys(lockfile.packages)).toEqual(['', 'node_modules/is-number', 'node_modules/is-odd']);
  expect((await sh('cd one && npm ls')).out).toBe('one@1.0.0 /workdir/one\n└── is-odd@3.0.1\n\n');
  expect((await sh(`cd one && node -p "require('is-odd')(3)"`)).out).toBe('true\n');
});

test('an installed package is removed, and its dependencies with it', async () => {
  expect((await sh('cd one && npm uninstall is-odd')).out).toContain('removed 2 packages');
  expect((await sh('cd one && ls node_modules')).out).toBe('');
});

test('conflicting peers are refused as npm refuses them', async () => {
  const refused = await sh('mkdir two && cd two && npm init -y >/dev/null && npm install react@18.2.0 react-dom@19.0.0');
  expect(refused.code).toBe(1);
  expect(refused.err).toContain('npm error code ERESOLVE');
  expect((await runtime.fs.readdir('/workdir/two')).sort()).toEqual(['package.json']);
});

test('npx runs a package that is not installed', async () => {
  expect((await sh('npx -y cowsay@1.6.0 moo')).out).toContain('< moo >');
});

test('npm run gives scripts their arguments, their neighbours and their exit code', async () => {
  await runtime.fs.mkdir('/workdir/three');
  await runtime.fs.writeFile(
    '/workdir/three/package.json',
    JSON.stringify({ name: 'three', scripts: { prehi: 'echo before', hi: 'echo', posthi: 'echo after', bad: 'exit 7' } }),
  );
  expect((await sh('cd three && npm run -s hi -- "a  b"')).out).toBe('before\na  b\nafter\n');
  const said = '\n> prehi\n> echo before\n\nbefore\n\n> hi\n> echo c\n\nc\n\n> posthi\n> echo after\n\nafter\n';
  expect((await sh('cd three && npm run hi -- c')).out).toBe(said);
  expect((await sh('cd three && npm run bad')).code).toBe(7);
  expect((await sh('cd three && npm run nope')).err).toContain('Missing script: "nope"');
});

test('a signal to npm, or to the shell of a script, reaches the program', async () => {
  await runtime.fs.mkdir('/workdir/five');
  await runtime.fs.writeFile('/workdir/five/package.json', JSON.stringify({ scripts: { dev: 'true && PORT=4711 node server.js' } }));
  await runtime.fs.writeFile(
    '/workdir/five/server.js',
    `process.on('SIGTERM', () => { console.log('closing'); process.exit(3); });
     require('http').createServer().listen(process.env.PORT, () => console.log('ready'));`,
  );
  for (const [command, args] of [
    ['npm', ['run', '-s', 'dev']],
    ['sh', ['-c', 'cd . && exec npm run -s dev']],
  ] as const) {
    const stop = new AbortController();
    const onOutput = (_: string, bytes: Buffer) => bytes.includes('ready') && stop.abort();
    const { code, stdout } = await runtime.spawn(command, args, { cwd: '/workdir/five', signal: stop.signal, onOutput });
    expect({ code, stdout: stdout.toString() }).toEqual({ code: 3, stdout: 'ready\nclosing\n' });
  }
  await runtime.fs.writeFile('/workdir/five/server.js', `setInterval(() => {}, 1000); console.log('ready');`);
  const stop = new AbortController();
  const onOutput = () => stop.abort();
  const ended = await runtime.spawn('npm', ['run', '-s', 'dev'], { cwd: '/workdir/five', signal: stop.signal, onOutput });
  expect(ended).toMatchObject({ code: null, signal: 'SIGTERM' });
  expect((await sh('ps')).out).not.toContain('node');
});

test('workspaces are linked, and scripts run in each', async () => {
  for (const name of ['a', 'b']) await runtime.fs.mkdir(`/workdir/mono/packages/${name}`);
  await runtime.fs.writeFile('/workdir/mono/package.json', JSON.stringify({ name: 'mono', private: true, workspaces: ['packages/*'] }));
  for (const name of ['a', 'b'])
    await runtime.fs.writeFile(
      `/workdir/mono/packages/${name}/package.json`,
      JSON.stringify({ name, version: '1.0.0', scripts: { who: `echo I am ${name}` }, dependencies: name === 'b' ? { a: '^1.0.0' } : {} }),
    );
  expect((await sh('cd mono && npm install')).out).toContain('added 2 packages');
  expect((await sh('readlink mono/node_modules/a')).out).toBe('../packages/a\n');
  expect((await sh('cd mono && npm run who --workspaces -s')).out).toBe('I am a\nI am b\n');
});
