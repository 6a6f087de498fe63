// Build step: boots the pinned Pyodide once with our Python half and the modules programs import most, and keeps its memory as
// a snapshot in .cache/python with everything else that is served. Runs in Node.
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { brotliCompressSync, constants } from 'node:zlib';
import type { PythonManifest } from '../assets.ts';
import { findPip } from './find-pip.ts';
import { makeSnapshot } from './make-snapshot.ts';

const root = path.join(import.meta.dirname, '../../..');
const out = path.join(root, '.cache/python');
const pyodide = path.dirname(createRequire(import.meta.url).resolve('pyodide/package.json'));

const pipWheel = findPip(path.join(root, '.cache/pip'));
const stamp = sourceStamp();
const stampFile = path.join(out, 'stamp');
if (!existsSync(stampFile) || readFileSync(stampFile, 'utf8') !== stamp) await build();

async function build(): Promise<void> {
  rmSync(out, { recursive: true, force: true });
  mkdirSync(path.join(out, 'files'), { recursive: true });
  const { version } = JSON.parse(readFileSync(path.join(pyodide, 'package.json'), 'utf8')) as { version: string };
  const plain = await makeSnapshot(pyodide, null);
  const pip = pipWheel === null ? null : await makeSnapshot(pyodide, pipWheel);
  if (pipWheel === null) console.log('No pip wheel was found: this build is without pip (see runtime/python/build/find-pip.ts).');
  const manifest: PythonManifest = {
    version,
    files: {
      loader: keep('pyodide', 'mjs', readFileSync(path.join(pyodide, 'pyodide.mjs'))),
      module: keep('pyodide.asm', 'mjs', readFileSync(path.join(pyodide, 'pyodide.asm.mjs'))),
      wasm: keep('pyodide.asm', 'wasm', readFileSync(path.join(pyodide, 'pyodide.asm.wasm'))),
      stdlib: keep('python-stdlib', 'zip', readFileSync(path.join(pyodide, 'python_stdlib.zip'))),
      snapshot: keep('snapshot', 'bin', plain.bytes),
      ...(pip !== null && pipWheel !== null
        ? { pipSnapshot: keep('pip-snapshot', 'bin', pip.bytes), pipWheel: keep('pip', 'whl', readFileSync(pipWheel)) }
        : {}),
    },
    ...(pip !== null && { defaultIndex: pip.defaultIndex.replace(/\/*$/, '/') }),
    ...packagesUrl(version),
  };
  copyFileSync(path.join(pyodide, 'pyodide-lock.json'), path.join(out, 'files/pyodide-lock.json'));
  writeFileSync(path.join(out, 'files/manifest.json'), JSON.stringify(manifest, null, 2));
  writeFileSync(stampFile, stamp);
}

/** Where this Pyodide would look for its own packages, as its loader says. */
function packagesUrl(version: string): { packagesUrl?: string } {
  const loader = readFileSync(path.join(pyodide, 'pyodide.mjs'), 'utf8');
  const template = /cdnUrl=[^`]*`(https:[^`$]*)\$\{\w+\}([^`]*)`/.exec(loader);
  return template ? { packagesUrl: `${template[1]}${version}${template[2]}` } : {};
}

function keep(name: string, extension: string, bytes: Uint8Array): { name: string; sizeBytes: number } {
  const hash = createHash('sha256').update(bytes).digest('base64url').slice(0, 8);
  const file = `${name}-${hash}.${extension}`;
  writeFileSync(path.join(out, 'files', file), bytes);
  // Made here, since this step is rarely run again: the twins that the server sends.
  writeFileSync(path.join(out, 'files', `${file}.br`), brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } }));
  return { name: file, sizeBytes: bytes.byteLength };
}

function sourceStamp(): string {
  const hash = createHash('sha256').update(readFileSync(path.join(pyodide, 'package.json')));
  hash.update(pipWheel ?? 'no pip');
  const sources = globSync(['library/**/*.py', 'build/*.ts'], { cwd: path.dirname(import.meta.dirname) });
  for (const file of sources.toSorted()) hash.update(readFileSync(path.join(path.dirname(import.meta.dirname), file)));
  return hash.digest('hex');
}
