// The table of contents of a zip archive, read from its end and checked before anything is unpacked (APPNOTE 4.3). The archive
// stays where it is: only its directory is read. Runs in the file-service worker.
import { VerkletError } from '#protocol';

/** A workspace is far smaller; a bomb is far larger. */
const MAX_UNPACKED_BYTES = 2 * 1024 * 1024 * 1024;
const MAX_ENTRIES = 200_000;
/** Names of that many entries, and more than any archive of a workspace has. */
const MAX_DIRECTORY_BYTES = 64 * 1024 * 1024;

const END = 0x06054b50;
const END_BYTES = 22;
const MAX_COMMENT_BYTES = 65_535;
const LOCATOR_64 = 0x07064b50;
const LOCATOR_64_BYTES = 20;
const END_64 = 0x06064b50;
const END_64_BYTES = 56;
const ENTRY = 0x02014b50;
const ENTRY_BYTES = 46;
const EXTRA_64 = 1;
/** Stands where the real number is in the 64-bit part. */
const IN_64 = 0xffffffff;
const IN_64_COUNT = 0xffff;

const ENCRYPTED = 1;
const UTF8 = 0x800;
export const STORED = 0;
export const DEFLATED = 8;
const FILE_MODE = 0o644;

export interface ZipEntry {
  /** Relative path, checked: it stays below the folder it is unpacked to. Without the slash that ends a folder's. */
  readonly path: string;
  readonly isFolder: boolean;
  readonly mode: number;
  readonly method: typeof STORED | typeof DEFLATED;
  readonly crc: number;
  readonly packedBytes: number;
  readonly sizeBytes: number;
  /** Of the header in front of the content. */
  readonly offset: number;
}

export interface ZipDirectory {
  /** In the order of the archive. */
  readonly entries: readonly ZipEntry[];
  readonly sizeBytes: number;
}

export function refuse(reason: string): never {
  throw new VerkletError('ERR_BAD_ARCHIVE', { name: 'zip', reason });
}

/** Rejects with `ERR_BAD_ARCHIVE` when the archive is none, or any entry of it is unsafe, unreadable or too much. */
export async function readZipDirectory(archive: Blob): Promise<ZipDirectory> {
  const { offset, sizeBytes, count } = await findDirectory(archive);
  if (count > MAX_ENTRIES) refuse(`it has more than ${MAX_ENTRIES} entries`);
  if (sizeBytes > MAX_DIRECTORY_BYTES || offset + sizeBytes > archive.size) refuse('its directory is damaged');
  const bytes = await readAt(archive, offset, sizeBytes);
  const entries: ZipEntry[] = [];
  const seen = new Set<string>();
  let unpackedBytes = 0;
  for (let at = 0; entries.length < count;) {
    if (at + ENTRY_BYTES > bytes.length || viewOf(bytes).getUint32(at, true) !== ENTRY) refuse('its directory is damaged');
    const { entry, endAt } = readEntry(bytes, at);
    if (entry.offset + entry.packedBytes > archive.size) refuse(`${entry.path} is cut off`);
    if (seen.has(entry.path)) refuse(`it has two entries with the name ${JSON.stringify(entry.path)}`);
    seen.add(entry.path);
    unpackedBytes += entry.sizeBytes;
    if (unpackedBytes > MAX_UNPACKED_BYTES) refuse(`it unpacks to more than ${MAX_UNPACKED_BYTES} bytes`);
    entries.push(entry);
    at = endAt;
  }
  return { entries: entries.toSorted((a, b) => a.offset - b.offset), sizeBytes: unpackedBytes };
}

async function findDirectory(archive: Blob): Promise<{ offset: number; sizeBytes: number; count: number }> {
  const tailBytes = Math.min(archive.size, END_BYTES + MAX_COMMENT_BYTES);
  const tail = await readAt(archive, archive.size - tailBytes, tailBytes);
  const view = viewOf(tail);
  let at = tail.length - END_BYTES;
  while (at >= 0 && view.getUint32(at, true) !== END) at--;
  if (at < 0) refuse('it is no zip archive, or its end is missing');
  const found = { count: view.getUint16(at + 10, true), sizeBytes: view.getUint32(at + 12, true), offset: view.getUint32(at + 16, true) };
  if (found.count !== IN_64_COUNT && found.sizeBytes !== IN_64 && found.offset !== IN_64) return found;
  const locatorAt = at - LOCATOR_64_BYTES;
  if (locatorAt < 0 || view.getUint32(locatorAt, true) !== LOCATOR_64) return found;
  const end = viewOf(await readAt(archive, read64(view, locatorAt + 8), END_64_BYTES));
  if (end.byteLength < END_64_BYTES || end.getUint32(0, true) !== END_64) refuse('its directory is damaged');
  return { count: read64(end, 32), sizeBytes: read64(end, 40), offset: read64(end, 48) };
}

function readEntry(bytes: Uint8Array, at: number): { entry: ZipEntry; endAt: number } {
  const view = viewOf(bytes);
  const flags = view.getUint16(at + 8, true);
  const nameAt = at + ENTRY_BYTES;
  const extraAt = nameAt + view.getUint16(at + 28, true);
  const commentAt = extraAt + view.getUint16(at + 30, true);
  const endAt = commentAt + view.getUint16(at + 32, true);
  if (endAt > bytes.length) refuse('its directory is damaged');
  const name = decodeName(bytes.subarray(nameAt, extraAt), (flags & UTF8) !== 0);
  if (!isSafeName(name)) refuse(`${JSON.stringify(name)} would leave the folder`);
  const path = name.endsWith('/') ? name.slice(0, -1) : name;
  if ((flags & ENCRYPTED) !== 0) refuse(`${path} is encrypted`);
  const method = view.getUint16(at + 10, true);
  if (method !== STORED && method !== DEFLATED) return refuse(`${path} is packed in a way that is not known here (${method})`);
  // The upper half is what the system of the archive's maker says, on most of them the file's mode.
  const mode = (view.getUint32(at + 38, true) >>> 16) & 0o777;
  const numbers = {
    sizeBytes: view.getUint32(at + 24, true),
    packedBytes: view.getUint32(at + 20, true),
    offset: view.getUint32(at + 42, true),
  };
  readExtra64(bytes.subarray(extraAt, commentAt), numbers);
  return {
    entry: {
      path,
      isFolder: name.endsWith('/'),
      mode: mode === 0 ? FILE_MODE : mode,
      method,
      crc: view.getUint32(at + 16, true),
      ...numbers,
    },
    endAt,
  };
}

/** The 64-bit part has, in this order, those numbers only that had no room (APPNOTE 4.5.3). */
function readExtra64(extra: Uint8Array, numbers: { sizeBytes: number; packedBytes: number; offset: number }): void {
  const view = viewOf(extra);
  for (let at = 0; at + 4 <= extra.length; at += 4 + view.getUint16(at + 2, true)) {
    if (view.getUint16(at, true) !== EXTRA_64) continue;
    let valueAt = at + 4;
    for (const name of ['sizeBytes', 'packedBytes', 'offset'] as const) {
      if (numbers[name] !== IN_64 || valueAt + 8 > extra.length) continue;
      numbers[name] = read64(view, valueAt);
      valueAt += 8;
    }
    return;
  }
}

function decodeName(bytes: Uint8Array, isUtf8: boolean): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    // Most archives are UTF-8 whatever they say. This one is not: one character per byte names the file at least.
    return isUtf8 ? refuse('a name in it is no text') : String.fromCharCode(...bytes);
  }
}

function isSafeName(name: string): boolean {
  const path = name.endsWith('/') ? name.slice(0, -1) : name;
  if (name.includes('\\') || name.includes('\0')) return false;
  return !path.split('/').some((part) => part === '' || part === '..' || part === '.');
}

async function readAt(archive: Blob, offset: number, sizeBytes: number): Promise<Uint8Array> {
  return new Uint8Array(await archive.slice(offset, offset + sizeBytes).arrayBuffer());
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Larger numbers than a double holds are larger than any limit here. */
function read64(view: DataView, at: number): number {
  return at + 8 <= view.byteLength ? Number(view.getBigUint64(at, true)) : 0;
}
