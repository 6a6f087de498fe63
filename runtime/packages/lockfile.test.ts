// Lockfiles, platforms and executables: what is installed and what is refused.
import { describe, expect, test } from 'vitest';
import { binEntries } from './bin-links.ts';
import { packageName, readLockfile } from './lockfile.ts';
import { isInstallable } from './platform.ts';
import { tarballUrl } from './tarballs.ts';

const lockfile = (packages: object, lockfileVersion = 3): string => JSON.stringify({ name: 'x', lockfileVersion, packages });

describe('lockfiles', () => {
  test('entries are read by folder', () => {
    const { packages } = readLockfile(lockfile({ '': { dependencies: { a: '^1' } }, 'node_modules/a': { version: '1.0.0' } }), {
      dependencies: { a: '^1' },
    });
    expect([...packages]).toEqual([['node_modules/a', { version: '1.0.0' }]]);
  });

  test.each([
    ['no JSON', 'nope', {}],
    ['version 1', JSON.stringify({ lockfileVersion: 1, dependencies: {} }), {}],
    ['a dependency that is missing', lockfile({ '': {} }), { dependencies: { a: '^1' } }],
    ['a range that changed', lockfile({ '': { dependencies: { a: '^1' } } }), { dependencies: { a: '^2' } }],
    ['a dependency too many', lockfile({ '': { devDependencies: { a: '^1' } } }), {}],
    ['a folder that leaves the project', lockfile({ '': {}, 'node_modules/../../x': {} }), {}],
    ['a folder outside node_modules', lockfile({ '': {}, '/etc': {} }), {}],
  ])('%s is refused', (_name, text, manifest) => {
    expect(() => readLockfile(text, manifest)).toThrow(expect.objectContaining({ code: 'ERR_LOCKFILE' }));
  });

  test('names and addresses, scopes and aliases included', () => {
    expect(packageName('node_modules/a/node_modules/@s/b', {})).toBe('@s/b');
    expect(packageName('node_modules/alias', { name: 'real' })).toBe('real');
    expect(tarballUrl('node_modules/@s/b', { version: '1.2.3' }, 'http://r/-/')).toBe('http://r/-/@s/b/-/b-1.2.3.tgz');
    expect(tarballUrl('node_modules/b', { version: '1.0.0', resolved: 'https://elsewhere/x.tgz' }, 'http://r')).toBe(
      'http://r/b/-/b-1.0.0.tgz',
    );
  });
});

test.each([
  [{}, true],
  [{ optional: true, os: ['linux'], cpu: ['x64'] }, false],
  [{ optional: true, cpu: ['wasm32'] }, true],
  [{ optional: true, os: ['darwin'] }, false],
  [{ optional: true, os: ['!win32'] }, true],
  [{ os: ['darwin'] }, true],
  [{ optional: true, cpu: ['any'] }, true],
])('%j is installable: %s', (entry, expected) => {
  expect(isInstallable(entry)).toBe(expected);
});

test('executables stay inside their package', () => {
  expect(binEntries('node_modules/@s/a', { bin: './cli.js' })).toEqual([['a', 'cli.js']]);
  expect(binEntries('node_modules/a', { bin: { b: 'x/y.js', '../evil': 'z.js', '..': 'w.js', c: '../../etc/passwd' } })).toEqual([
    ['b', 'x/y.js'],
    ['evil', 'z.js'],
  ]);
});
