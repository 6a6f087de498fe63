// The ustar format with GNU's and POSIX's long names: headers written, archives read as they arrive. Pure.
import { decodeText, encodeText } from '../../text.ts';
import { ToolFailure } from '../../tool.ts';

export const BLOCK_BYTES = 512;

export interface TarEntry {
  readonly name: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly sizeBytes: number;
  readonly mtimeSec: number;
  /** `0` file, `1` hard link, `2` symlink, `5` folder. */
  readonly type: string;
  readonly link: string;
}

export function encodeHeader(entry: TarEntry): Uint8Array[] {
  const long: Uint8Array[] = [];
  if (encodeText(entry.name).length > 100) long.push(...longRecord('L', entry.name));
  if (encodeText(entry.link).length > 100) long.push(...longRecord('K', entry.link));
  return [...long, plainHeader(entry)];
}

function longRecord(type: string, text: string): Uint8Array[] {
  const content = encodeText(`${text}\0`);
  const header = plainHeader({
    name: '././@LongLink',
    mode: 0o644,
    uid: 0,
    gid: 0,
    sizeBytes: content.length,
    mtimeSec: 0,
    type,
    link: '',
  });
  return [header, padded(content)];
}

export function padded(content: Uint8Array): Uint8Array {
  const whole = new Uint8Array(Math.ceil(content.length / BLOCK_BYTES) * BLOCK_BYTES);
  whole.set(content);
  return whole;
}

function plainHeader(entry: TarEntry): Uint8Array {
  const block = new Uint8Array(BLOCK_BYTES);
  const put = (text: string, at: number, length: number): void => block.set(encodeText(text).subarray(0, length), at);
  const octal = (value: number, at: number, length: number): void =>
    put(
      `${Math.max(0, value)
        .toString(8)
        .padStart(length - 1, '0')}\0`,
      at,
      length,
    );
  put(entry.name, 0, 100);
  octal(entry.mode & 0o7777, 100, 8);
  octal(entry.uid, 108, 8);
  octal(entry.gid, 116, 8);
  octal(entry.sizeBytes, 124, 12);
  octal(entry.mtimeSec, 136, 12);
  put('        ', 148, 8);
  put(entry.type, 156, 1);
  put(entry.link, 157, 100);
  put('ustar  \0', 257, 8);
  put(entry.uid === 0 ? 'root' : 'user', 265, 32);
  put(entry.gid === 0 ? 'root' : 'user', 297, 32);
  const sum = block.reduce((total, byte) => total + byte, 0);
  put(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 8);
  return block;
}

/** Reads entries; the content of each is to be consumed (or not) before the next is asked for. */
export class TarReader {
  readonly #chunks: Iterator<Uint8Array>;
  #buffer: Uint8Array = new Uint8Array();
  #left = 0;
  #padding = 0;

  constructor(chunks: Iterable<Uint8Array>) {
    this.#chunks = chunks[Symbol.iterator]();
  }

  /** `null` at the end of the archive. */
  next(): TarEntry | null {
    for (const chunk of this.content()) void chunk;
    this.#take(this.#padding);
    let [longName, longLink]: (string | undefined)[] = [];
    for (;;) {
      const block = this.#take(BLOCK_BYTES);
      if (block.length < BLOCK_BYTES || block.every((byte) => byte === 0)) return null;
      const entry = decodeHeader(block);
      this.#left = entry.sizeBytes;
      this.#padding = (BLOCK_BYTES - (entry.sizeBytes % BLOCK_BYTES)) % BLOCK_BYTES;
      if (!'LKxg'.includes(entry.type)) {
        const hasContent = entry.type === '0' || entry.type === '7';
        if (!hasContent) [this.#left, this.#padding] = [0, 0];
        return { ...entry, name: longName ?? entry.name, link: longLink ?? entry.link };
      }
      const text = decodeText(this.#whole());
      this.#take(this.#padding);
      this.#padding = 0;
      if (entry.type === 'L') longName = text.replace(/\0.*$/s, '');
      else if (entry.type === 'K') longLink = text.replace(/\0.*$/s, '');
      else if (entry.type === 'x') {
        longName = /^\d+ path=(.*)$/m.exec(text)?.[1] ?? longName;
        longLink = /^\d+ linkpath=(.*)$/m.exec(text)?.[1] ?? longLink;
      }
    }
  }

  /** The rest of the current entry's content. */
  *content(): Generator<Uint8Array> {
    while (this.#left > 0) {
      if (this.#buffer.length === 0 && !this.#fill()) throw new ToolFailure('Unexpected EOF in archive', 2);
      const piece = this.#buffer.subarray(0, this.#left);
      this.#buffer = this.#buffer.subarray(piece.length);
      this.#left -= piece.length;
      yield piece;
    }
  }

  #whole(): Uint8Array {
    const pieces = [...this.content()].map((piece) => piece.slice());
    const whole = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
    let offset = 0;
    for (const piece of pieces) {
      whole.set(piece, offset);
      offset += piece.length;
    }
    return whole;
  }

  #take(length: number): Uint8Array {
    while (this.#buffer.length < length && this.#fill());
    const taken = this.#buffer.subarray(0, length);
    this.#buffer = this.#buffer.subarray(taken.length);
    return taken;
  }

  #fill(): boolean {
    const next = this.#chunks.next();
    if (next.done === true) return false;
    const joined = new Uint8Array(this.#buffer.length + next.value.length);
    joined.set(this.#buffer);
    joined.set(next.value, this.#buffer.length);
    this.#buffer = joined;
    return true;
  }
}

function decodeHeader(block: Uint8Array): TarEntry {
  const text = (at: number, length: number): string => decodeText(block.subarray(at, at + length)).replace(/\0.*$/s, '');
  const octal = (at: number, length: number): number => {
    // GNU writes what does not fit as a binary number.
    if (((block[at] ?? 0) & 0x80) !== 0) return block.subarray(at + 1, at + length).reduce((value, byte) => value * 256 + byte, 0);
    return Number.parseInt(text(at, length).trim() || '0', 8);
  };
  const sum = block.reduce((total, byte, index) => total + (index >= 148 && index < 156 ? 0x20 : byte), 0);
  if (octal(148, 8) !== sum) throw new ToolFailure('This does not look like a tar archive', 2);
  const prefix = text(257, 6) === 'ustar' ? text(345, 155) : '';
  return {
    name: prefix === '' ? text(0, 100) : `${prefix}/${text(0, 100)}`,
    mode: octal(100, 8),
    uid: octal(108, 8),
    gid: octal(116, 8),
    sizeBytes: octal(124, 12),
    mtimeSec: octal(136, 12),
    type: text(156, 1) || '0',
    link: text(157, 100),
  };
}
