// Build step: boots the pinned Pyodide once with our Python half and the modules programs import most, and keeps its memory as
// a snapshot in .cache/python with everything else that is served. Runs in Node.
import { createHash } from 'node:crypto';
import { existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { brotliCompressSync, constants } from 'node:zlib';
import type { PythonManifest } from '../assets.ts';
import { makeSnapshot } from './make-snapshot.ts';

const root = path.join(import.meta.dirname, '../../..');
const out = path.join(root, '.cache/python');
const pyodide = path.dirname(createRequire(import.meta.url).resolve('pyodide/package.json'));

const stamp = sourceStamp();
const stampFile = path.join(out, 'stamp');
if (!existsSync(stampFile) || readFileSync(stampFile, 'utf8') !== stamp) await build();

async function build(): Promise<void> {
  rmSync(out, { recursive: true, force: true });
  mkdirSync(path.join(out, 'files'), { recursive: true });
  const { version } = JSON.parse(readFileSync(path.join(pyodide, 'package.json'), 'utf8')) as { version: string };
  const manifest: PythonManifest = {
    version,
    files: {
      loader: keep('pyodide', 'mjs', readFileSync(path.join(pyodide, 'pyodide.mjs'))),
      module: keep('pyodide.asm', 'mjs', readFileSync(path.join(pyodide, 'pyodide.asm.mjs'))),
      wasm: keep('pyodide.asm', 'wasm', readFileSync(path.join(pyodide, 'pyodide.asm.wasm'))),
      stdlib: keep('python-stdlib', 'zip', readFileSync(path.join(pyodide, 'python_stdlib.zip'))),
      snapshot: keep('snapshot', 'bin', await makeSnapshot(pyodide)),
    },
  };
  writeFileSync(path.join(out, 'files/manifest.json'), JSON.stringify(manifest, null, 2));
  writeFileSync(stampFile, stamp);
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
  const sources = globSync(['library/**/*.py', 'build/*.ts'], { cwd: path.dirname(import.meta.dirname) });
  for (const file of sources.toSorted()) hash.update(readFileSync(path.join(path.dirname(import.meta.dirname), file)));
  return hash.digest('hex');
}
