// Zip archives into the file system: what comes in, what is refused, and that a refused archive leaves nothing.
import { zipSync, type Zippable } from 'fflate';
import { beforeEach, expect, test } from 'vitest';
import type { MountProgress } from '#protocol';
import { loadCoreModule } from '../fs/core-module.ts';
import type { Stat } from '../fs/file-system.ts';
import { populate } from '../fs/populate.ts';
import { SharedFileSystem } from '../fs/shared-file-system.ts';
import { Slots } from './ipc/slots.ts';
import { importZip } from './zip-import.ts';

const encoder = new TextEncoder();
const LARGE_BYTES = 9_000_000;

let fs: SharedFileSystem;
beforeEach(async () => {
  const handle = { memory: SharedFileSystem.createMemory(), core: await loadCoreModule() };
  SharedFileSystem.format(handle);
  fs = SharedFileSystem.attach(handle, new Slots(Slots.create(), 1));
  populate(fs, [], '');
  fs.writeFile('/workdir/mine.txt', encoder.encode('mine'), 0o644);
});

function archive(files: Zippable): Uint8Array<ArrayBuffer> {
  return zipSync(files) as Uint8Array<ArrayBuffer>;
}

function take(bytes: Uint8Array<ArrayBuffer>, signal = new AbortController().signal): Promise<MountProgress> {
  return importZip(fs, new Blob([bytes]), '/workdir', { signal, onProgress: () => undefined });
}

/** The code of the refusal, after which nothing may have changed. */
async function refusal(bytes: Uint8Array<ArrayBuffer>, signal?: AbortSignal): Promise<string> {
  const before = tree('/');
  const error = (await take(bytes, signal).then(
    () => null,
    (thrown: unknown) => thrown,
  )) as {
    code?: string;
    details?: { reason?: string };
    errno?: { code: string };
  } | null;
  expect(tree('/')).toEqual(before);
  return error?.errno?.code ?? `${error?.code ?? 'nothing'} ${error?.details?.reason ?? ''}`;
}

function tree(folder: string): string[] {
  const entries = fs.readdir(folder);
  if (typeof entries === 'number') return [];
  return entries.flatMap(({ name, type }) => {
    const path = `${folder === '/' ? '' : folder}/${name}`;
    return (type & 0o170000) === 0o040000 ? [path, ...tree(path)] : [path];
  });
}

function text(path: string): string {
  const bytes = fs.readFile(path);
  return typeof bytes === 'number' ? `error ${bytes}` : new TextDecoder().decode(bytes);
}

test('files come in packed and unpacked, with modes, names in any script, and empty folders', async () => {
  const large = Uint8Array.from({ length: LARGE_BYTES }, (_, index) => (index * 7919) >>> 5);
  const told = await take(
    archive({
      'a.txt': encoder.encode('one'),
      'src/run.sh': [encoder.encode('echo'), { os: 3, attrs: (0o100755 << 16) >>> 0 }],
      'src/größe/π.txt': [encoder.encode('π'), { level: 0 }],
      'empty/': new Uint8Array(),
      'none.txt': new Uint8Array(),
      'large.bin': [large, { level: 1 }],
      'mine.txt': encoder.encode('theirs'),
    }),
  );
  expect([text('/workdir/a.txt'), text('/workdir/src/größe/π.txt'), text('/workdir/none.txt')]).toEqual(['one', 'π', '']);
  expect(text('/workdir/mine.txt')).toBe('theirs');
  const unpacked = fs.readFile('/workdir/large.bin');
  expect(typeof unpacked !== 'number' && Buffer.compare(unpacked, large)).toBe(0);
  const stat = {} as Stat;
  fs.stat('/workdir/src/run.sh', stat);
  expect(stat.mode & 0o777).toBe(0o755);
  expect(tree('/workdir')).toContain('/workdir/empty');
  expect(tree('/tmp')).toEqual([]);
  expect(told).toEqual({ files: 6, totalFiles: 6, sizeBytes: LARGE_BYTES + 15, totalBytes: LARGE_BYTES + 15 });
});

test.each(['../evil.txt', '/evil.txt', 'a/../../evil.txt', 'a\\..\\evil.txt', 'a//b', './a'])('the name %j is refused', async (name) => {
  expect(await refusal(archive({ 'good.txt': encoder.encode('x'), [name]: encoder.encode('x') }))).toMatch(
    /^ERR_BAD_ARCHIVE .*would leave the folder/,
  );
});

test('an archive that unpacks to more than it says is stopped, also in its last file', async () => {
  const bytes = archive({ 'a.txt': encoder.encode('x'), 'bomb.bin': [new Uint8Array(3_000_000), { level: 9 }] });
  patchEntry(bytes, 'bomb.bin', (view, at) => view.setUint32(at + 24, 1000, true));
  expect(await refusal(bytes)).toBe('ERR_BAD_ARCHIVE bomb.bin is larger than the archive says');
});

test('an archive that says it unpacks to too much is refused before anything is unpacked', async () => {
  const bytes = archive({ 'a.bin': encoder.encode('x'), 'b.bin': encoder.encode('y') });
  for (const name of ['a.bin', 'b.bin']) patchEntry(bytes, name, (view, at) => view.setUint32(at + 24, 0x7fffffff, true));
  expect(await refusal(bytes)).toMatch(/^ERR_BAD_ARCHIVE it unpacks to more than/);
});

test('damage is found: a flipped bit, a missing end, a cut, another kind of file', async () => {
  const bytes = archive({ 'a.txt': encoder.encode('x'), 'b.txt': [encoder.encode('content '.repeat(100)), { level: 0 }] });
  const flipped = bytes.slice();
  const at = indexOf(flipped, 'content ');
  flipped[at] = (flipped[at] ?? 0) ^ 1;
  expect(await refusal(flipped)).toBe('ERR_BAD_ARCHIVE b.txt is damaged');
  expect(await refusal(bytes.slice(0, -30))).toMatch(/^ERR_BAD_ARCHIVE it is no zip archive/);
  expect(await refusal(bytes.slice(200))).toMatch(/^ERR_BAD_ARCHIVE/);
  expect(await refusal(encoder.encode('no archive at all'))).toMatch(/^ERR_BAD_ARCHIVE it is no zip archive/);
});

test('an encrypted file, an unknown packing and a name that comes twice are refused', async () => {
  const make = (): Uint8Array<ArrayBuffer> => archive({ 'a.txt': encoder.encode('x'), 'b.txt': encoder.encode('y') });
  const encrypted = make();
  patchEntry(encrypted, 'b.txt', (view, at) => view.setUint16(at + 8, 1, true));
  expect(await refusal(encrypted)).toBe('ERR_BAD_ARCHIVE b.txt is encrypted');
  const unknown = make();
  patchEntry(unknown, 'b.txt', (view, at) => view.setUint16(at + 10, 93, true));
  expect(await refusal(unknown)).toMatch(/is packed in a way that is not known here \(93\)/);
  const twice = make();
  patchEntry(twice, 'b.txt', (view, at) => view.setUint8(at + 46, 'a'.charCodeAt(0)));
  expect(await refusal(twice)).toMatch(/two entries with the name "a.txt"/);
});

test('what does not fit over the files that are there moves nothing', async () => {
  fs.mkdirAll('/workdir/taken', 0o755);
  expect(await refusal(archive({ 'first.txt': encoder.encode('x'), taken: encoder.encode('x') }))).toBe('EISDIR');
  expect(await refusal(archive({ 'first.txt': encoder.encode('x'), 'mine.txt/inner': encoder.encode('x') }))).toBe('ENOTDIR');
});

test('an import that is given up leaves nothing', async () => {
  expect(await refusal(archive({ 'a.txt': encoder.encode('x') }), AbortSignal.abort())).toMatch(/^ERR_ABORTED/);
});

/** Calls `change` with the offset of the entry in the directory at the end. */
function patchEntry(bytes: Uint8Array, name: string, change: (view: DataView, at: number) => void): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at + 46 < bytes.length; at++) {
    if (view.getUint32(at, true) !== 0x02014b50) continue;
    if (new TextDecoder().decode(bytes.subarray(at + 46, at + 46 + view.getUint16(at + 28, true))) === name) return change(view, at);
  }
  throw new Error(`no entry ${name}`);
}

function indexOf(bytes: Uint8Array, wanted: string): number {
  return new TextDecoder('latin1').decode(bytes).indexOf(wanted);
}
