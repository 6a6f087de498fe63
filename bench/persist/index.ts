// Saving and restoring 10,000 files with 100 MB through the whole product, with a warm disk cache: times as the runtime's own
// events report them, in the page's clock.
import { launchRuntime } from '../../e2e/harness.ts';
import { median, row, type BenchRow } from '../rows.ts';

const ROUNDS = 5;
const FILES = 10_000;
const FILES_PER_FOLDER = 100;
const SIZE_BYTES = 10_000;

interface Measured {
  readonly firstSaveMs: number;
  readonly hundredMs: number[];
  readonly oneWrittenBytes: number;
  readonly restoreMs: number;
  readonly firstReadMs: number;
}

export async function rows(): Promise<BenchRow[]> {
  await using harness = await launchRuntime();
  const previewHost = `preview.verklet.localhost:${harness.server.port}`;
  const rounds: Measured[] = [];
  for (let round = 0; round < ROUNDS; round++)
    rounds.push(
      await harness.page.evaluate(measure, {
        previewHost,
        key: `bench-${round}`,
        files: FILES,
        perFolder: FILES_PER_FOLDER,
        sizeBytes: SIZE_BYTES,
      }),
    );
  return [
    row('save-100-of-10000', 'ms', median(rounds.flatMap(({ hundredMs }) => hundredMs)), null, { atMost: 50 }),
    row('first-save-10000-files-100-MB', 'ms', median(rounds.map(({ firstSaveMs }) => firstSaveMs)), null, { atMost: 1000 }),
    row('restore-10000-files-100-MB', 'ms', median(rounds.map(({ restoreMs }) => restoreMs)), null, { atMost: 300 }),
    row('restore-to-first-read', 'ms', median(rounds.map(({ firstReadMs }) => firstReadMs)), null, { atMost: 300 }),
    row('written-for-one-edit', 'bytes', median(rounds.map(({ oneWrittenBytes }) => oneWrittenBytes)), null, { atMost: 65_535 }),
  ];
}

interface Task {
  readonly previewHost: string;
  readonly key: string;
  readonly files: number;
  readonly perFolder: number;
  readonly sizeBytes: number;
}

/** Runs in the page. */
async function measure({ previewHost, key, files, perFolder, sizeBytes }: Task): Promise<Measured> {
  const boot = (): Promise<typeof globalThis.harnessRuntime> =>
    globalThis.verklet.Runtime.boot({ backend: 'browser', previewHost, persistenceKey: key });
  const contentOf = (index: number, version: number): Uint8Array => {
    const bytes = new Uint8Array(sizeBytes);
    new DataView(bytes.buffer).setUint32(0, index);
    new DataView(bytes.buffer).setUint32(4, version);
    for (let at = 8; at < sizeBytes; at += 4) bytes[at] = (index * 31 + at * 7) & 255;
    return bytes;
  };
  const first = await boot();
  const saveNow = async (): Promise<{ durationMs: number; writtenBytes: number }> => {
    const startedAt = performance.now();
    let writtenBytes = 0;
    const stop = first.persistence.on((event) => {
      if (event.type === 'saved') writtenBytes += event.writtenBytes;
    });
    await first.persistence.save();
    stop();
    return { durationMs: performance.now() - startedAt, writtenBytes };
  };
  // The folders are mounted one by one; the save of them all is asked for at once, before the runtime starts its own.
  const folders = files / perFolder;
  const tree: Record<string, Record<string, Uint8Array>> = {};
  for (let folder = 0; folder < folders; folder++) {
    const content: Record<string, Uint8Array> = {};
    for (let index = 0; index < perFolder; index++) content[`file-${index}`] = contentOf(folder * perFolder + index, 0);
    tree[`folder-${folder}`] = content;
  }
  await first.fs.mount(tree);
  const firstSaveMs = (await saveNow()).durationMs;
  const hundredMs: number[] = [];
  for (let version = 1; version <= 5; version++) {
    const changed: Record<string, Record<string, Uint8Array>> = {};
    for (let folder = 0; folder < 100; folder++)
      changed[`folder-${folder}`] = { [`file-${folder % perFolder}`]: contentOf(folder, version) };
    await first.fs.mount(changed);
    hundredMs.push((await saveNow()).durationMs);
  }
  await first.fs.writeFile('folder-3/file-3', contentOf(303, 99));
  const oneWrittenBytes = (await saveNow()).writtenBytes;
  await first.dispose();
  const second = await boot();
  const restored = second.diagnostics.list().find(({ type }) => type === 'workspace-restored') as
    | { readonly durationMs: number; readonly files: number }
    | undefined;
  if (restored?.files !== files) throw new Error(`${restored?.files ?? 0} files came back`);
  const startedAt = performance.now();
  const bytes = await second.fs.readFile('folder-3/file-3');
  const firstReadMs = restored.durationMs + performance.now() - startedAt;
  if (new DataView(bytes.buffer, bytes.byteOffset).getUint32(4) !== 99) throw new Error('the edit did not come back');
  await second.dispose();
  return { firstSaveMs, hundredMs, oneWrittenBytes, restoreMs: restored.durationMs, firstReadMs };
}
