// Build step: takes the llhttp WebAssembly out of the pinned undici package into .cache/node-lib/llhttp.js. Runs in Node.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const WASM_TEXT = /wasmBase64 = '([A-Za-z0-9+/=]+)'/;

/** Writes the module and its types; throws when the package no longer has the expected form. */
export function extractLlhttp(root: string): void {
  const source = createRequire(import.meta.url).resolve('undici/lib/llhttp/llhttp-wasm.js');
  const text = WASM_TEXT.exec(readFileSync(source, 'utf8'))?.[1];
  if (text === undefined) throw new Error('undici no longer carries llhttp as base64 text');
  const folder = path.join(root, '.cache/node-lib');
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, 'llhttp.js'), `export const llhttpBase64 = '${text}';\n`);
  writeFileSync(path.join(folder, 'llhttp.d.ts'), 'export declare const llhttpBase64: string;\n');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) extractLlhttp(fileURLToPath(new URL('../../../../..', import.meta.url)));
