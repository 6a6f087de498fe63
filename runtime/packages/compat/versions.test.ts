// Versions of stand-ins: the host's own, else the nearest that exists.
import { expect, test } from 'vitest';
import { chooseVersion } from './versions.ts';
import { compatTable, ruleFor } from './table.ts';

test.each([
  [['1.0.0', '1.1.0'], 'same', '1.1.0', '1.1.0'],
  [['1.0.0'], 'same', '1.1.0', null],
  [['1.0.0', '1.2.0', '2.0.0'], 'nearest', '1.9.0', '1.2.0'],
  [['2.0.0', '3.0.0'], 'nearest', '1.9.0', '2.0.0'],
  [['1.0.0', '1.1.0-beta.1'], 'nearest', '1.2.0', '1.0.0'],
  [['1.0.0', '2.0.0'], 'latest', '1.0.0', '2.0.0'],
  [['9.0.0', '10.1.0', '10.2.0', '11.0.0'], '10', '12.0.0', '10.2.0'],
  [[], 'nearest', '1.0.0', null],
])('of %j, %s for %s is %s', (available, wanted, host, expected) => {
  expect(chooseVersion(available, wanted, host)).toBe(expected);
});

test('a rule holds for its range only', () => {
  expect(ruleFor('typescript', '5.9.3')).toBeUndefined();
  expect(ruleFor('typescript', '7.0.2')).toMatchObject({ action: 'alias', version: '6.0.3' });
  expect(ruleFor('constructor', '1.0.0')).toBeUndefined();
});

test('every native package family of the research has a rule', () => {
  expect(Object.keys(compatTable.packages).length).toBeGreaterThan(60);
});
