// File descriptor numbers of a process. Runs in Node.
import { expect, it } from 'vitest';
import type { ProcessHost } from '../process/host.ts';
import { ProcessDescriptors } from './descriptors.ts';

it('starts with the inherited streams and gives out the lowest free number', () => {
  const stdio = [
    { kind: 'null' },
    { kind: 'file', handle: 7 },
    { kind: 'pipe', memory: new SharedArrayBuffer(8), direction: 'write' },
  ] as const;
  const table = new ProcessDescriptors({ request: { stdio } } as unknown as ProcessHost);
  expect(table.get(1)).toEqual({ kind: 'file', handle: 7 });
  expect(table.get(2)).toEqual({ kind: 'stream', stdioIndex: 2 });
  expect(table.add({ kind: 'file', handle: 8 })).toBe(3);
  expect(table.remove(0)).toEqual({ kind: 'null' });
  expect(table.get(0)).toBeUndefined();
  expect(table.add({ kind: 'file', handle: 9 })).toBe(0);
});
