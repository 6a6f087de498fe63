// Build step: bundles npm's command line with our fetch and extraction into one module, .cache/npm-cli/npm-cli.js. Runs in Node.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { build, type Plugin } from 'esbuild';
import { NODE_GYP } from '../location.ts';
import { NPM_VERSION } from '../version.ts';

const here = path.join(import.meta.dirname, '..');
const out = path.join(import.meta.dirname, '../../../../.cache/npm-cli');
const npm = path.dirname(createRequire(import.meta.url).resolve('npm/package.json'));

const { version } = JSON.parse(readFileSync(path.join(npm, 'package.json'), 'utf8')) as { version: string };
if (version !== NPM_VERSION) throw new Error(`npm ${version} is installed, but version.ts says ${NPM_VERSION}`);

const OWN_FOLDERS = /^(lib|bin)\//;

const DEFAULT_INPUT = path.join(npm, 'node_modules/init-package-json/lib/default-input.js');
const DEFAULT_INPUT_MODULES = ['@npmcli/package-json/lib/license', 'validate-npm-package-name', 'npm-package-arg', 'semver'];

const IS_STAND_IN = `globalThis[Symbol.for('verklet.npm')].isStandIn`;

/** Where npm finds modules in ways that a bundler does not see: exact text and what stands in its place. */
const EDITS: Readonly<Record<string, readonly (readonly [string, string])[]>> = {
  'npm/lib/npm.js': [['require(`./commands/${command}`)', 'require(`./commands/${command}.js`)']],
  'init-package-json/lib/init-package-json.js': [["require.resolve('./default-input.js')", "'/default-input.js'"]],
  // The questions of `npm init` are a text that is evaluated with a `require` of its own.
  'promzard/lib/index.js': [
    ['const files = {}', `const files = { '/default-input.js': ${JSON.stringify(readFileSync(DEFAULT_INPUT, 'utf8'))} }`],
    [
      '(p) => mod.require(p)',
      `(p) => ({${DEFAULT_INPUT_MODULES.map((id) => `'${id}': () => require('${id}')`).join()}}[p] ?? (() => mod.require(p)))()`,
    ],
  ],
  // Install scripts of dependencies run when the project allows them; unreviewed ones wait.
  '@npmcli/arborist/lib/arborist/rebuild.js': [
    [
      'isScriptAllowed(node, this.options.allowScripts) === false',
      "[false, ...(node.isLink || node.isWorkspace || !node.location.includes('node_modules/') ? [] : [null])].includes(isScriptAllowed(node, this.options.allowScripts))",
    ],
  ],
  // Stand-ins are in no lockfile: npm must not see them as strangers in its tree.
  '@npmcli/arborist/lib/shrinkwrap.js': [
    [
      "if (dirent.isDirectory() && !dirent.name.startsWith('.')) {",
      `if (dirent.isDirectory() && !dirent.name.startsWith('.') && !${IS_STAND_IN}(child)) {`,
    ],
  ],
  '@npmcli/arborist/lib/arborist/load-actual.js': [
    ['.filter(kid => this.#filter(node, kid))', `.filter(kid => this.#filter(node, kid) && !${IS_STAND_IN}(resolve(nm, kid)))`],
  ],
  '@npmcli/config/lib/definitions/definitions.js': [["require.resolve('node-gyp/bin/node-gyp.js')", JSON.stringify(NODE_GYP)]],
  '@npmcli/run-script/lib/make-spawn-args.js': [["require.resolve('node-gyp/bin/node-gyp.js')", JSON.stringify(NODE_GYP)]],
};

function edited(file: string, edits: readonly (readonly [string, string])[]): string {
  let source = readFileSync(file, 'utf8');
  for (const [text, replacement] of edits) {
    if (!source.includes(text)) throw new Error(`${file} no longer contains ${text}`);
    source = source.replace(text, () => replacement);
  }
  return source;
}

/** `npm:x` is a file of npm or a package inside it; two of its modules are replaced by ours. */
const internals: Plugin = {
  name: 'npm-internals',
  setup({ onResolve, onLoad, resolve }) {
    onResolve({ filter: /^npm:/ }, ({ path: name, kind }) => {
      const inside = name.slice('npm:'.length);
      if (OWN_FOLDERS.test(inside)) return { path: path.join(npm, inside) };
      return resolve(inside, { resolveDir: npm, kind });
    });
    onResolve({ filter: /^make-fetch-happen$/ }, () => ({ path: path.join(here, 'program/fetch.ts'), namespace: 'as-commonjs' }));
    onResolve({ filter: /(^|\/)cli\.js$/ }, ({ path: name, importer }) =>
      path.resolve(path.dirname(importer), name) === path.join(npm, 'lib/cli.js')
        ? { path: path.join(here, 'program/cli.ts'), namespace: 'as-commonjs' }
        : undefined,
    );
    for (const [file, edits] of Object.entries(EDITS)) {
      const filter = new RegExp(`${file.replaceAll('.', String.raw`\.`)}$`);
      onLoad({ filter }, ({ path: found }) => ({ contents: edited(found, edits) }));
    }
    // What they replace is required, and is itself the function.
    onLoad({ filter: /./, namespace: 'as-commonjs' }, ({ path: file }) => ({
      contents: `module.exports = require(${JSON.stringify(file)}).default;`,
      resolveDir: here,
    }));
  },
};

const { outputFiles, metafile } = await build({
  entryPoints: [path.join(here, 'program/main.ts')],
  bundle: true,
  platform: 'node',
  format: 'cjs',
  target: 'esnext',
  write: false,
  metafile: true,
  minify: true,
  keepNames: true,
  legalComments: 'none',
  logLevel: 'warning',
  logOverride: { 'require-resolve-not-external': 'silent' },
  plugins: [internals],
  footer: { js: '}' },
  banner: { js: 'export function runNpm(require, module, __filename, __dirname) { const exports = module.exports;' },
});
mkdirSync(out, { recursive: true });
writeFileSync(path.join(out, 'npm-cli.js'), outputFiles[0]?.text ?? '');
writeFileSync(path.join(out, 'inputs.json'), JSON.stringify(Object.keys(metafile.inputs)));
