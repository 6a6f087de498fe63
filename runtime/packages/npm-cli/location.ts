// Where npm's command line lies in a workspace, and the small files that stand for it there. Imports nothing; any worker.
import { NPM_VERSION } from './version.ts';

export const NPM_FOLDER = '/usr/lib/node_modules/npm';
export const NPM_CLI = `${NPM_FOLDER}/bin/npm-cli.js`;

export const NODE_GYP = `${NPM_FOLDER}/node_modules/node-gyp/bin/node-gyp.js`;

/** What builds native addons elsewhere says here why it cannot. */
const NODE_GYP_STUB = `#!/usr/bin/env node
console.error('gyp ERR! ERR_NATIVE_ADDON: this package compiles native code, which does not run in the tab. It needs a server session.');
process.exit(1);
`;

/** The program itself is a chunk of the runtime, loaded by the door; see door.ts. */
const STUB = `#!/usr/bin/env node
globalThis[Symbol.for('verklet.npm')].run(require, module, __filename);
`;

/** npm's own configuration level for those who package it: packages are chosen for WebAssembly, and nothing asks home. */
const CONFIGURATION = `prefix=/usr/local
cpu=wasm32
os=linux
libc=glibc
audit=false
update-notifier=false
logs-max=0
`;

export const NPM_FILES: Readonly<Record<string, string>> = {
  [`${NPM_FOLDER}/package.json`]: `${JSON.stringify({ name: 'npm', version: NPM_VERSION, bin: { npm: 'bin/npm-cli.js', npx: 'bin/npx-cli.js' } }, null, 2)}\n`,
  [`${NPM_FOLDER}/npmrc`]: CONFIGURATION,
  [NPM_CLI]: STUB,
  [`${NPM_FOLDER}/bin/npx-cli.js`]: STUB,
  [NODE_GYP]: NODE_GYP_STUB,
};
