// HTTP/1.1 syntax (RFC 9112): request heads as bytes, response heads and body framing from a reader. Runs in the kernel worker.
import type { HeaderList } from '#protocol';
import { MalformedStream, TruncatedStream, type ConnectionReader } from './connection-reader.ts';

/** Node's own parser stops at 16 KiB; real cookies and policies get near it, so a little more. */
export const MAX_HEAD_BYTES = 64 * 1024;
const MAX_HEADERS = 256;
const MAX_CHUNK_LINE_BYTES = 1024;

export interface ResponseHead {
  readonly status: number;
  readonly statusText: string;
  readonly headers: HeaderList;
  readonly isHttp10: boolean;
}

/** How the end of a body is known. */
export type BodyFraming =
  | { readonly kind: 'none' }
  | { readonly kind: 'length'; readonly sizeBytes: number }
  | { readonly kind: 'chunked' }
  | { readonly kind: 'until-close' };

const TOKEN = /^[!#$%&'*+\-.^_`|~\w]+$/;
// Anything that could end a line early would let a page write a second request; above 0xff, encoding would wrap into it.
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
const TARGET = /^(?:\/[\x21-\x7e\x80-\xff]*|\*)$/;
const STATUS_LINE = /^HTTP\/1\.([01]) (\d{3})(?: (.*))?$/;

export function headerValue(headers: HeaderList, name: string): string | null {
  const values = headers.filter(([key]) => key.toLowerCase() === name).map(([, value]) => value);
  return values.length === 0 ? null : values.join(', ');
}

/** The request line and headers as bytes. Throws a TypeError for a method, target or header that is not one. */
export function encodeRequestHead(method: string, target: string, headers: HeaderList): Uint8Array<ArrayBuffer> {
  if (!TOKEN.test(method)) throw new TypeError(`not a method: ${method}`);
  if (!TARGET.test(target)) throw new TypeError(`not a request target: ${target}`);
  let text = `${method} ${target} HTTP/1.1\r\n`;
  for (const [name, value] of headers) {
    if (!TOKEN.test(name) || !VALUE.test(value)) throw new TypeError(`not a header: ${name}`);
    text += `${name}: ${value}\r\n`;
  }
  return encodeLatin1(`${text}\r\n`);
}

/** Header text is bytes in ISO 8859-1; anything above belongs to UTF-8 that the browser already made bytes of. */
function encodeLatin1(text: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(text.length);
  for (let index = 0; index < text.length; index++) bytes[index] = text.charCodeAt(index);
  return bytes;
}

/** The next response head, interim ones (1xx) included; null when the peer closed before a byte of it. */
export async function readResponseHead(reader: ConnectionReader): Promise<ResponseHead | null> {
  const statusLine = await reader.readLine(MAX_HEAD_BYTES);
  if (statusLine === null) return null;
  const match = STATUS_LINE.exec(statusLine);
  if (!match) throw new MalformedStream('the server does not speak HTTP/1.1');
  return { status: Number(match[2]), statusText: match[3] ?? '', headers: await readHeaders(reader), isHttp10: match[1] === '0' };
}

async function readHeaders(reader: ConnectionReader): Promise<HeaderList> {
  const headers: [string, string][] = [];
  let left = MAX_HEAD_BYTES;
  for (;;) {
    const line = await reader.readLine(left);
    if (line === null) throw new TruncatedStream('the stream ended inside the headers');
    if (line === '') return headers;
    left -= line.length;
    const colon = line.indexOf(':');
    const name = line.slice(0, Math.max(colon, 0));
    // Folded lines are obsolete and a name with white space is how requests are smuggled: both refused.
    if (!TOKEN.test(name)) throw new MalformedStream('a header line without a name');
    if (headers.push([name, line.slice(colon + 1).trim()]) > MAX_HEADERS) throw new MalformedStream(`more than ${MAX_HEADERS} headers`);
  }
}

/** RFC 9112 section 6.3. */
export function bodyFraming(method: string, head: ResponseHead): BodyFraming {
  if (method === 'HEAD' || head.status < 200 || head.status === 204 || head.status === 304) return { kind: 'none' };
  const coding = headerValue(head.headers, 'transfer-encoding')?.toLowerCase();
  if (coding !== undefined) return /(?:^|,)\s*chunked\s*$/.test(coding) ? { kind: 'chunked' } : { kind: 'until-close' };
  const length = headerValue(head.headers, 'content-length');
  if (length === null) return { kind: 'until-close' };
  const values = new Set(length.split(',').map((value) => value.trim()));
  const [only = ''] = values;
  const sizeBytes = Number(only);
  if (values.size !== 1 || !/^\d+$/.test(only) || !Number.isSafeInteger(sizeBytes))
    throw new MalformedStream(`a content length of ${length}`);
  return sizeBytes === 0 ? { kind: 'none' } : { kind: 'length', sizeBytes };
}

export function keepsAlive(head: ResponseHead, framing: BodyFraming): boolean {
  if (framing.kind === 'until-close') return false;
  const connection = headerValue(head.headers, 'connection')?.toLowerCase() ?? '';
  return head.isHttp10 ? connection.includes('keep-alive') : !/\bclose\b/.test(connection);
}

/** Reads one body to its end, chunk framing and trailers taken off. */
export class BodyReader {
  readonly #reader: ConnectionReader;
  readonly #framing: BodyFraming;
  /** Bytes left of the body, or of the current chunk. */
  #left: number;
  #isFirstChunk = true;
  #isDone: boolean;

  constructor(reader: ConnectionReader, framing: BodyFraming) {
    this.#reader = reader;
    this.#framing = framing;
    this.#isDone = framing.kind === 'none';
    this.#left = framing.kind === 'length' ? framing.sizeBytes : framing.kind === 'until-close' ? Infinity : 0;
  }

  get isDone(): boolean {
    return this.#isDone;
  }

  /** At most `maxBytes` in a buffer of its own; null at the end of the body. */
  async read(maxBytes: number): Promise<Uint8Array<ArrayBuffer> | null> {
    if (this.#isDone) return null;
    if (this.#left === 0 && !(await this.#startChunk())) return this.#finish();
    const chunk = await this.#reader.readChunk(Math.min(this.#left, maxBytes));
    if (chunk === null) {
      if (this.#framing.kind === 'until-close') return this.#finish();
      throw new TruncatedStream('the connection ended inside the body');
    }
    this.#left -= chunk.byteLength;
    // A known end is noticed with the last bytes, so the connection is free again without another read.
    if (this.#left === 0 && this.#framing.kind === 'length') this.#isDone = true;
    return chunk;
  }

  #finish(): null {
    this.#isDone = true;
    return null;
  }

  async #startChunk(): Promise<boolean> {
    if (!this.#isFirstChunk && (await this.#line()) !== '') throw new MalformedStream('a chunk longer than it said');
    this.#isFirstChunk = false;
    const size = (await this.#line()).split(';', 1)[0]?.trim() ?? '';
    if (!/^[\da-f]{1,12}$/i.test(size)) throw new MalformedStream('a chunk without a size');
    this.#left = Number.parseInt(size, 16);
    if (this.#left > 0) return true;
    await readHeaders(this.#reader); // trailers: a Response cannot carry them
    return false;
  }

  async #line(): Promise<string> {
    const line = await this.#reader.readLine(MAX_CHUNK_LINE_BYTES);
    if (line === null) throw new TruncatedStream('the connection ended inside the body');
    return line;
  }
}
