// The shared file system and real Node agree, step by step.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { Slots } from '../kernel/ipc/slots.ts';
import { conformanceCases } from './conformance.ts';
import { loadCoreModule } from './core-module.ts';
import { NodeReference } from './node-reference.ts';
import { populate } from './populate.ts';
import { SharedFileSystem } from './shared-file-system.ts';

describe('the shared file system agrees with Node', () => {
  let fs: SharedFileSystem;
  beforeAll(async () => {
    const handle = { memory: SharedFileSystem.createMemory(), core: await loadCoreModule() };
    SharedFileSystem.format(handle);
    fs = SharedFileSystem.attach(handle, new Slots(Slots.create(), 1));
    populate(fs, ['node'], 'magic:');
  });

  for (const [index, { name, run }] of conformanceCases.entries()) {
    test(name, () => {
      const real = mkdtempSync(path.join(tmpdir(), 'verklet-fs-'));
      const root = `/tmp/case-${index}`;
      fs.mkdir(root, 0o700);
      try {
        expect(run(fs, root)).toEqual(run(new NodeReference(), real));
      } finally {
        rmSync(real, { recursive: true, force: true });
      }
      expect(fs.check()).toEqual([]);
    });
  }
});

describe('what only the shared file system has', () => {
  let handle: { memory: WebAssembly.Memory; core: WebAssembly.Module };
  let slots: SharedArrayBuffer;
  let fs: SharedFileSystem;
  beforeAll(async () => {
    handle = { memory: SharedFileSystem.createMemory(), core: await loadCoreModule() };
    slots = Slots.create();
    SharedFileSystem.format(handle);
    fs = SharedFileSystem.attach(handle, new Slots(slots, 1));
    populate(fs, ['node'], 'magic:');
  });

  test('uid 1000 may not change what belongs to the system', () => {
    expect(fs.mkdir('/etc/x', 0o755)).toBe(-13);
    expect(fs.unlink('/usr/bin/node')).toBe(-13);
    expect(fs.writeFile('/etc/passwd', new Uint8Array(), 0o644)).toBe(-13);
    expect(fs.readdir('/root')).toBe(-13);
    expect(fs.chmod('/etc', 0o777)).toBe(-1);
    fs.writeFile('/workdir/secret', new Uint8Array(1), 0o200);
    expect(fs.readFile('/workdir/secret')).toBe(-13);
  });

  test('devices read and write as Linux has them', () => {
    expect(fs.readFile('/dev/null')).toEqual(new Uint8Array());
    const zero = fs.open('/dev/zero', 0, 0);
    const bytes = new Uint8Array(4).fill(9);
    expect([fs.read(zero, bytes, -1), [...bytes]]).toEqual([4, [0, 0, 0, 0]]);
    const random = fs.open('/dev/urandom', 0, 0);
    expect(fs.read(random, bytes, -1)).toBe(4);
    expect(fs.writeFile('/dev/null', new Uint8Array(3), 0o644)).toBe(0);
  });

  test('another worker sees every change, and the ring names it', () => {
    const other = SharedFileSystem.attach(handle, new Slots(slots, 2));
    const cursor = fs.changeCursor();
    other.writeFile('/workdir/shared', new TextEncoder().encode('x'), 0o644);
    other.rename('/workdir/shared', '/workdir/renamed');
    expect(fs.readFile('/workdir/renamed')).toEqual(new TextEncoder().encode('x'));
    const { changes } = fs.changesSince(cursor);
    expect(changes.map(({ kind, path: name }) => `${kind} ${name}`)).toEqual([
      'create /workdir/shared',
      'modify /workdir/shared',
      'remove /workdir/shared',
      'create /workdir/renamed',
    ]);
  });

  test('a ring that has gone round says so', () => {
    const cursor = fs.changeCursor();
    for (let index = 0; index < 4200; index++) fs.chmod('/workdir', 0o755);
    expect(fs.changesSince(cursor).changes[0]?.kind).toBe('overflow');
  });

  test('a waiter wakes on the next change', async () => {
    const waiting = fs.waitForChange(fs.changeCursor());
    fs.mkdir('/workdir/wakes', 0o755);
    await waiting;
  });

  test('open files of a dead worker are let go', () => {
    const dead = SharedFileSystem.attach(handle, new Slots(slots, 3));
    const held = dead.open('/workdir/held', 0o102, 0o644);
    dead.unlink('/workdir/held');
    const before = fs.statfs().files - fs.statfs().filesFree;
    fs.releaseSlot(3);
    expect(fs.statfs().files - fs.statfs().filesFree).toBe(before - 1);
    expect(fs.fstat(held, {} as never)).toBe(-9);
    expect(fs.check()).toEqual([]);
  });

  test('a handle passes from parent to child', () => {
    const child = SharedFileSystem.attach(handle, new Slots(slots, 4));
    const shared = fs.open('/workdir/passed', 0o102, 0o644);
    fs.retain(shared);
    expect(fs.transfer(shared, 1, 4)).toBe(0);
    expect(child.write(shared, new Uint8Array(2), -1)).toBe(2);
    expect(fs.write(shared, new Uint8Array(3), -1)).toBe(3);
    expect([fs.close(shared), child.close(shared), child.close(shared)]).toEqual([0, 0, -9]);
  });
});
