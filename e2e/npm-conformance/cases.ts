// Projects whose installation is compared with native npm's: one per feature of the resolver, and the ways in which it fails.

export interface ConformanceCase {
  readonly id: string;
  /** Files by path; objects are written as JSON. */
  readonly files: Readonly<Record<string, object | string>>;
  /** Arguments of npm, one command after the other; `npm install` when absent. */
  readonly commands?: readonly (readonly string[])[];
}

const app = (manifest: object): Readonly<Record<string, object>> => ({ 'package.json': { name: 'app', version: '1.0.0', ...manifest } });

export const conformanceCases: readonly ConformanceCase[] = [
  { id: 'express', files: app({ dependencies: { express: '^5.1.0' } }) },
  {
    id: 'vite-react',
    files: app({
      dependencies: { react: '^19.0.0', 'react-dom': '^19.0.0' },
      devDependencies: { vite: '^8.0.0', '@vitejs/plugin-react': '^6.0.0' },
    }),
  },
  { id: 'vite5', files: app({ devDependencies: { vite: '5.4.21' } }) },
  { id: 'eslint', files: app({ devDependencies: { eslint: '9.39.5', '@eslint/js': '9.39.5' } }) },
  { id: 'webpack', files: app({ devDependencies: { webpack: '5.112.2', 'webpack-cli': '6.0.1' } }) },
  { id: 'mocha', files: app({ devDependencies: { mocha: '^11.0.0' } }) },
  { id: 'sharp-optional-platforms', files: app({ dependencies: { sharp: '0.35.5' } }) },
  {
    id: 'optional-missing',
    files: app({ dependencies: { 'is-odd': '3.0.1' }, optionalDependencies: { fsevents: '^2.3.0', 'is-number': '^7.0.0' } }),
  },
  { id: 'peers-installed', files: app({ dependencies: { 'react-dom': '19.0.0', '@emotion/react': '^11.0.0' } }) },
  { id: 'peer-conflict', files: app({ dependencies: { react: '18.2.0', 'react-dom': '19.0.0' } }) },
  {
    id: 'peer-conflict-legacy',
    files: { ...app({ dependencies: { react: '18.2.0', 'react-dom': '19.0.0' } }), '.npmrc': 'legacy-peer-deps=true\n' },
  },
  {
    id: 'peer-conflict-nested',
    files: app({ dependencies: { '@react-router/serve': '7.0.0', 'react-router': '7.1.0', react: '^19.0.0', 'react-dom': '^19.0.0' } }),
  },
  { id: 'overrides-everywhere', files: app({ dependencies: { 'is-odd': '3.0.1' }, overrides: { 'is-number': '7.0.0' } }) },
  {
    id: 'overrides-below-one',
    files: app({ dependencies: { chalk: '4.1.2', 'is-odd': '3.0.1' }, overrides: { chalk: { 'ansi-styles': '4.2.1' } } }),
  },
  {
    id: 'overrides-by-reference',
    files: app({ dependencies: { 'is-number': '7.0.0', 'is-odd': '3.0.1' }, overrides: { 'is-number': '$is-number' } }),
  },
  { id: 'overrides-against-itself', files: app({ dependencies: { 'is-number': '6.0.0' }, overrides: { 'is-number': '7.0.0' } }) },
  {
    id: 'workspaces',
    files: {
      'package.json': { name: 'mono', private: true, workspaces: ['packages/*'], devDependencies: { 'is-odd': '3.0.1' } },
      'packages/a/package.json': { name: 'a', version: '1.2.0', dependencies: { 'is-number': '7.0.0' } },
      'packages/b/package.json': {
        name: '@scope/b',
        version: '2.0.0',
        dependencies: { a: '^1.0.0', 'is-number': '^6.0.0' },
        bin: { bee: 'bee.js' },
      },
      'packages/b/bee.js': '#!/usr/bin/env node\nconsole.log(1)\n',
    },
  },
  {
    id: 'workspace-add',
    files: {
      'package.json': { name: 'mono', private: true, workspaces: ['one', 'two'] },
      'one/package.json': { name: 'one', version: '1.0.0' },
      'two/package.json': { name: 'two', version: '1.0.0' },
    },
    commands: [
      ['install', 'is-odd@3.0.1', '-w', 'one'],
      ['install', 'one@^1.0.0', '--workspace=two'],
    ],
  },
  { id: 'alias', files: app({ dependencies: { odd: 'npm:is-odd@3.0.1', 'number-six': 'npm:is-number@^6.0.0' } }) },
  {
    id: 'file-folder',
    files: {
      ...app({ dependencies: { local: 'file:./local' } }),
      'local/package.json': { name: 'local', version: '0.1.0', dependencies: { 'is-odd': '3.0.1' } },
    },
  },
  { id: 'tarball-address', files: app({ dependencies: { 'is-odd': 'https://registry.npmjs.org/is-odd/-/is-odd-3.0.1.tgz' } }) },
  {
    id: 'ranges',
    files: app({ dependencies: { semver: '>=5 <6 || 7.3.x', minimist: '0.2.x - 1.2.5', debug: '~2.6', ms: '*', qs: '6.5 - 6.9' } }),
  },
  { id: 'tags', files: app({ dependencies: { typescript: 'latest', react: 'latest' } }) },
  { id: 'nested-versions', files: app({ dependencies: { debug: '2.6.9', send: '0.19.0', ms: '2.1.3' } }) },
  { id: 'deprecated', files: app({ dependencies: { request: '2.88.2' } }) },
  {
    id: 'nested-strategy',
    files: { ...app({ dependencies: { 'is-odd': '3.0.1', 'is-even': '1.0.0' } }), '.npmrc': 'install-strategy=nested\n' },
  },
  {
    id: 'omit-dev',
    files: app({ dependencies: { 'is-odd': '3.0.1' }, devDependencies: { chalk: '4.1.2' } }),
    commands: [['install', '--omit=dev']],
  },
  {
    id: 'add-dev-exact',
    files: app({}),
    commands: [
      ['install', '-D', '-E', 'is-odd@^3.0.0'],
      ['install', '-O', 'is-number@6'],
      ['install', 'chalk@4'],
    ],
  },
  { id: 'remove', files: app({ dependencies: { 'is-odd': '3.0.1', chalk: '4.1.2' } }), commands: [['install'], ['uninstall', 'is-odd']] },
  {
    id: 'update-and-dedupe',
    files: app({ dependencies: { chalk: '^4.0.0' } }),
    commands: [['install', 'chalk@4.0.0'], ['update'], ['dedupe'], ['prune']],
  },
  { id: 'lock-only', files: app({ dependencies: { express: '4.21.0' } }), commands: [['install', '--package-lock-only']] },
  { id: 'ci', files: app({ dependencies: { express: '4.21.0' } }), commands: [['install', '--package-lock-only'], ['ci']] },
  {
    id: 'ci-out-of-sync',
    files: app({ dependencies: { 'is-odd': '3.0.1' } }),
    commands: [['install'], ['pkg', 'set', 'dependencies.chalk=4.1.2'], ['ci']],
  },
  { id: 'version-missing', files: app({ dependencies: { 'is-odd': '99.0.0' } }) },
  { id: 'package-missing', files: app({ dependencies: { 'verklet-no-such-package-here': '1.0.0' } }) },
  {
    id: 'engine-strict',
    files: { ...app({ dependencies: { 'is-odd': '3.0.1' }, engines: { node: '>=99' } }), '.npmrc': 'engine-strict=true\n' },
  },
  { id: 'wrong-platform', files: app({ dependencies: { fsevents: '2.3.3' } }) },
  { id: 'bad-manifest', files: { 'package.json': '{ "name": "app", }' } },
  { id: 'bad-name', files: app({ dependencies: { 'Not A Name': '1.0.0' } }) },
];
