// The shared file system against Node's own `fs` on a memory disk: the same calls in turn, in one process. Operations per second.
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { loadCoreModule } from '../../runtime/fs/core-module.ts';
import type { Stat } from '../../runtime/fs/file-system.ts';
import { populate } from '../../runtime/fs/populate.ts';
import { SharedFileSystem } from '../../runtime/fs/shared-file-system.ts';
import { Slots } from '../../runtime/kernel/ipc/slots.ts';
import { median, row, type BenchRow } from '../rows.ts';

const ROUNDS = 9;
const FILES = 3000;
const SIZE_BYTES = 1024;
const FILES_PER_FOLDER = 100;

/** One side: what a round measures, below a folder of its own. */
interface Side {
  create(name: string): void;
  read(name: string): void;
  stat(name: string): void;
  list(folder: string): void;
  folder(name: string): void;
}

export async function rows(): Promise<BenchRow[]> {
  const disk = mkdtempSync(path.join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'verklet-bench-'));
  const sides = { ours: await ourSide(), native: nativeSide(disk) };
  const rates: Record<string, Record<'ours' | 'native', number[]>> = {};
  for (let round = 0; round < ROUNDS; round++) {
    for (const [name, side] of Object.entries(sides) as ['ours' | 'native', Side][])
      measure(side, `round-${round}`, (id, rate) => (rates[id] ??= { ours: [], native: [] })[name].push(rate));
  }
  rmSync(disk, { recursive: true, force: true });
  const bars: Record<string, number> = { stat: 2, create: 1.5, read: 1.5, readdir: 1 };
  return Object.entries(rates).map(([id, { ours, native }]) =>
    row(id, 'ops/s', median(ours), median(native), { atLeastRatio: bars[id] ?? 1 }),
  );
}

function measure(side: Side, round: string, record: (id: string, perSecond: number) => void): void {
  const names: string[] = [];
  for (let index = 0; index < FILES; index++) {
    const folder = `${round}-${Math.floor(index / FILES_PER_FOLDER)}`;
    if (index % FILES_PER_FOLDER === 0) side.folder(folder);
    names.push(`${folder}/${index}`);
  }
  const time = (id: string, count: number, work: () => void): void => {
    const startedAt = performance.now();
    work();
    record(id, count / ((performance.now() - startedAt) / 1000));
  };
  time('create', FILES, () => names.forEach((name) => side.create(name)));
  time('read', FILES, () => names.forEach((name) => side.read(name)));
  time('stat', FILES * 3, () => {
    for (let pass = 0; pass < 3; pass++) names.forEach((name) => side.stat(name));
  });
  const folders = [...new Set(names.map((name) => path.dirname(name)))];
  time('readdir', folders.length, () => folders.forEach((folder) => side.list(folder)));
}

async function ourSide(): Promise<Side> {
  const handle = { memory: SharedFileSystem.createMemory(), core: await loadCoreModule() };
  SharedFileSystem.format(handle);
  const fs = SharedFileSystem.attach(handle, new Slots(Slots.create(), 1));
  populate(fs, [], '');
  const content = new Uint8Array(SIZE_BYTES).fill(7);
  const out = {} as Stat;
  const at = (name: string): string => `/workdir/${name}`;
  return {
    create: (name) => expectDone(fs.writeFile(at(name), content, 0o644)),
    read: (name) => expectDone(fs.readFile(at(name))),
    stat: (name) => expectDone(fs.stat(at(name), out)),
    list: (folder) => expectDone(fs.readdir(at(folder))),
    folder: (name) => expectDone(fs.mkdir(at(name), 0o755)),
  };
}

function nativeSide(disk: string): Side {
  const content = new Uint8Array(SIZE_BYTES).fill(7);
  const at = (name: string): string => `${disk}/${name}`;
  return {
    create: (name) => writeFileSync(at(name), content),
    read: (name) => void readFileSync(at(name)),
    stat: (name) => void statSync(at(name)),
    list: (folder) => void readdirSync(at(folder)),
    folder: (name) => mkdirSync(at(name)),
  };
}

function expectDone(result: unknown): void {
  if (typeof result === 'number' && result < 0) throw new Error(`a call failed with errno ${result}`);
}
