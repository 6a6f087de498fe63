// Python's offline pack over a frame that answers as told: what is kept, gone on with, replaced, and not believed.
import { afterEach, expect, test } from 'vitest';
import { PACK_LIST_PATH, toHex, type FromPackReader, type PackFile, type ToPackReader } from '#protocol';
import { PythonPack } from './python-pack.ts';

const encoder = new TextEncoder();
const pack = new PythonPack();

afterEach(() => pack.remove());

/** Serves text by address, half a file at a time; returns the addresses that were asked for. */
function serve(contents: Readonly<Record<string, string>>, onChunk: () => void = () => undefined): { port: MessagePort; asked: string[] } {
  const { port1, port2 } = new MessageChannel();
  const asked: string[] = [];
  let rest: Uint8Array<ArrayBuffer>[] = [];
  port2.addEventListener('message', ({ data }: MessageEvent<ToPackReader>) => {
    if (data.type === 'open-pack-file') {
      asked.push(data.url);
      const bytes = encoder.encode(contents[data.url] ?? '');
      rest = [bytes.slice(0, bytes.length / 2), bytes.slice(bytes.length / 2)];
    } else if (data.type === 'read-pack-chunk') {
      const bytes = rest.shift();
      if (bytes && asked.at(-1) !== PACK_LIST_PATH) onChunk();
      port2.postMessage((bytes ? { type: 'pack-chunk', bytes } : { type: 'pack-file-end' }) satisfies FromPackReader);
    }
  });
  port2.start();
  return { port: port1, asked };
}

async function packOf(files: Readonly<Record<string, string>>): Promise<Record<string, string>> {
  const list: PackFile[] = [];
  for (const [name, text] of Object.entries(files)) {
    const bytes = encoder.encode(text);
    const revision = toHex(new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))).slice(0, 16);
    list.push({ url: `/__verklet/python/${name}`, revision, sizeBytes: bytes.length });
  }
  const contents = Object.fromEntries(Object.entries(files).map(([name, text]) => [`/__verklet/python/${name}`, text]));
  return { ...contents, [PACK_LIST_PATH]: JSON.stringify(list) };
}

async function textOf(name: string): Promise<string | undefined> {
  return (await pack.read(name))?.text();
}

test('a pack is kept with its progress, read by name, and removed', async () => {
  expect(await pack.state()).toEqual({ state: 'absent', keptBytes: 0, totalBytes: 0 });
  const seen: number[] = [];
  await pack.keep(serve(await packOf({ 'a-1.mjs': 'export {}', 'b-1.bin': 'bytes' })).port, (kept) => seen.push(kept));
  expect(seen.at(0)).toBe(0);
  expect(seen.at(-1)).toBe(14);
  expect(await pack.state()).toEqual({ state: 'complete', keptBytes: 14, totalBytes: 14 });
  expect(await textOf('b-1.bin')).toBe('bytes');
  expect((await pack.read('a-1.mjs'))?.type).toBe('text/javascript');
  expect(await pack.read('other')).toBe(null);
  await pack.remove();
  expect(await pack.state()).toMatchObject({ state: 'absent' });
  expect(await pack.read('b-1.bin')).toBe(null);
});

test('a download that was stopped goes on with the files that are missing', async () => {
  const files = await packOf({ 'a-1.bin': 'first', 'b-1.bin': 'second' });
  let chunks = 0;
  const stopped = serve(files, () => ++chunks === 3 && pack.cancel());
  await expect(pack.keep(stopped.port, () => undefined)).rejects.toMatchObject({ code: 'ERR_ABORTED' });
  expect(await pack.state()).toEqual({ state: 'partial', keptBytes: 5, totalBytes: 11 });
  const again = serve(files);
  await pack.keep(again.port, () => undefined);
  expect(again.asked).toEqual([PACK_LIST_PATH, '/__verklet/python/b-1.bin']);
  expect(await pack.state()).toMatchObject({ state: 'complete' });
});

test('an old version stays until the new one is whole, and goes then', async () => {
  await pack.keep(serve(await packOf({ 'a-1.bin': 'old', 'b-1.bin': 'same' })).port, () => undefined);
  const next = await packOf({ 'b-1.bin': 'same', 'c-2.bin': 'new' });
  const broken = serve({ ...next, '/__verklet/python/c-2.bin': '' });
  await expect(pack.keep(broken.port, () => undefined)).rejects.toMatchObject({ code: 'ERR_PACK_FAILED' });
  expect(await textOf('a-1.bin')).toBe('old');
  expect(await pack.state()).toMatchObject({ state: 'complete' });
  await pack.keep(serve(next).port, () => undefined);
  expect(await textOf('a-1.bin')).toBe(undefined);
  expect(await textOf('c-2.bin')).toBe('new');
});

test.each([
  ['other content of the same length', { '/__verklet/python/a-1.bin': 'FIRST' }],
  ['more than announced', { '/__verklet/python/a-1.bin': 'first and more' }],
  [
    'a list with addresses elsewhere',
    { [PACK_LIST_PATH]: '[{"url":"/__verklet/frame.html","revision":"0123456789abcdef","sizeBytes":5}]' },
  ],
  ['a list that is none', { [PACK_LIST_PATH]: '<html>' }],
] as const)('%s is not kept', async (_, changed) => {
  const files: Record<string, string> = { ...(await packOf({ 'a-1.bin': 'first' })), ...changed };
  await expect(pack.keep(serve(files).port, () => undefined)).rejects.toMatchObject({ code: 'ERR_PACK_FAILED' });
  expect(await pack.read('a-1.bin')).toBe(null);
  expect(await pack.state()).toMatchObject({ keptBytes: 0 });
});
