// Makes a small image for driver tests out of this machine's own packages: no registry, no network. Run as
// `node scripts/run.mjs server/drivers/testing/test-image.ts <docker socket> <image name>`.
import { execFileSync, spawn } from 'node:child_process';
import { copyFileSync, cpSync, existsSync, lstatSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const PACKAGES = [
  'dash',
  'coreutils',
  'gcc',
  'libc6-dev',
  'make',
  'grep',
  'sed',
  'procps',
  'python3-minimal',
  'libpython3-stdlib',
  'tar',
  'gzip',
  'libstdc++6',
];

const NPM = path.join(import.meta.dirname, '../../../node_modules/npm');

/** Builds and loads the image, with `more` packages of this machine; resolves when the engine has it. Throws where this is no Debian. */
export async function makeTestImage(socket: string, name: string, more: readonly string[] = []): Promise<void> {
  const root = mkdtempSync(path.join(tmpdir(), 'verklet-image-'));
  try {
    for (const folder of [
      'usr/bin',
      'usr/sbin',
      'usr/lib',
      'usr/lib64',
      'etc',
      'tmp',
      'workdir',
      'home/user',
      'proc',
      'dev',
      'sys',
      'run',
    ]) {
      mkdirSync(path.join(root, folder), { recursive: true });
    }
    for (const name of ['bin', 'sbin', 'lib', 'lib64']) symlinkSync(`usr/${name}`, path.join(root, name));
    writeFileSync(path.join(root, 'etc/passwd'), 'root:x:0:0:root:/root:/bin/sh\nuser:x:1000:1000:user:/home/user:/bin/sh\n');
    writeFileSync(path.join(root, 'etc/group'), 'root:x:0:\nuser:x:1000:\n');
    copyFileSync(process.execPath, path.join(root, 'usr/bin/node'));
    cpSync(NPM, path.join(root, 'usr/lib/node_modules/npm'), { recursive: true });
    symlinkSync('../lib/node_modules/npm/bin/npm-cli.js', path.join(root, 'usr/bin/npm'));
    const files = [...new Set(closure([...PACKAGES, ...more]).flatMap(filesOf))];
    const list = path.join(root, '..', `${path.basename(root)}.files`);
    writeFileSync(list, files.join('\n'));
    execFileSync('sh', ['-c', `tar -C / -c --no-recursion -T '${list}' | tar -C '${root}' -x --keep-directory-symlink`], {
      stdio: ['ignore', 'ignore', 'ignore'],
    });
    rmSync(list);
    if (!existsSync(path.join(root, 'usr/bin/sh'))) symlinkSync('dash', path.join(root, 'usr/bin/sh'));
    await load(root, socket, name);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

function load(root: string, socket: string, name: string): Promise<void> {
  const tar = spawn('tar', ['-C', root, '-c', '.'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const load = spawn('docker', ['-H', `unix://${socket}`, 'import', '-', name], { stdio: ['pipe', 'ignore', 'inherit'] });
  tar.stdout.pipe(load.stdin);
  return new Promise((resolve, reject) =>
    load.on('exit', (code) => (code === 0 ? resolve() : reject(new Error(`docker import: ${code}`)))),
  );
}

/** The packages and everything they depend on. */
function closure(names: readonly string[]): string[] {
  const seen = new Set<string>();
  const queue = [...names];
  for (let name = queue.pop(); name !== undefined; name = queue.pop()) {
    if (seen.has(name)) continue;
    seen.add(name);
    queue.push(...dependencies(name));
  }
  return [...seen];
}

function dependencies(name: string): string[] {
  const text = query(['-W', '-f=${Depends}, ${Pre-Depends}', name]);
  return text
    .split(',')
    .map(
      (part) =>
        part
          .split('|')[0]
          ?.trim()
          .split(/[\s:(]/)[0] ?? '',
    )
    .filter((part) => part !== '' && part !== 'debconf' && part !== 'perl-base');
}

function filesOf(name: string): string[] {
  return query(['-L', name])
    .split('\n')
    .map((file) => file.replace(/^\/(bin|sbin|lib|lib64)\//, '/usr/$1/'))
    .filter((file) => file.length > 1 && !/^\/usr\/share\/(?:doc|man|locale|info|bug|lintian)/.test(file))
    .filter((file) => lstatSync(file, { throwIfNoEntry: false })?.isDirectory() === false);
}

/** Nothing for a package that is not installed: a virtual one. */
function query(args: readonly string[]): string {
  try {
    return execFileSync('dpkg-query', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  } catch {
    return '';
  }
}

if (process.argv[1] === import.meta.filename) {
  const [, , socket = '/var/run/docker.sock', name = 'verklet/test:1'] = process.argv;
  await makeTestImage(socket, name);
}
