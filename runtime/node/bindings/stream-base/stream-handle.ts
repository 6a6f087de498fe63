// LibuvStreamWrap over shared-memory pipes: reading, writing with back-pressure, half-close. Base of TCP, Pipe and TTY.
// Runs in the process worker.
import type { Pipe } from '../../../kernel/ipc/pipe.ts';
import type { StreamEnds } from '../../descriptors.ts';
import type { Realm } from '../../realm.ts';
import { EAGAIN, EBADF, ECANCELED, ECONNRESET, EINVAL, ENOTCONN, EPIPE, UV_EOF } from './errno.ts';
import { completeLater, HandleWrap } from './handle-wrap.ts';
import { type Pollable, pollerOf } from './poller.ts';
import { concatBytes, encodeString, plainBytes } from './text.ts';

/** Largest piece handed to JavaScript at once, as libuv allocates. */
const READ_CHUNK_BYTES = 64 * 1024;

/** Smaller writes become one: fewer wake-ups of the reader. */
const LARGEST_JOINED_BYTES = 16 * 1024;

/** As large as Linux lets a socket's send buffer grow. */
const SOCKET_BUFFER_BYTES = 4 * 1024 * 1024;

const READ_BYTES_OR_ERROR = 0;
const ARRAY_BUFFER_OFFSET = 1;
const BYTES_WRITTEN = 2;
const LAST_WRITE_WAS_ASYNC = 3;

interface PendingWrite {
  readonly request: object;
  /** What the pipe has not taken yet, in order. */
  readonly rest: Uint8Array[];
}

/** Takes the bytes of a stream instead of JavaScript's `onread`: the HTTP parser's `consume`. */
export type StreamConsumer = (nread: number, bytes: Uint8Array | null) => void;

export class StreamHandle extends HandleWrap {
  #receive: Pipe | null = null;
  #send: Pipe | null = null;
  #isReading = false;
  #isWatchingWrites = false;
  #isBlocking = false;
  #isEnded = false;
  #isBroken = false;
  #bytesRead = 0;
  #bytesWritten = 0;
  #userBuffer: Uint8Array | null = null;
  #shutdown: object | null = null;
  #consumer: StreamConsumer | null = null;
  readonly #pending: PendingWrite[] = [];
  readonly #reader: Pollable;
  readonly #writer: Pollable;
  declare onread?: (buffer?: ArrayBuffer) => unknown;

  constructor(realm: Realm) {
    super(realm);
    const readable = (): boolean => this.#isReading && this.#receive !== null && this.#receive.isReadable;
    const writable = (): boolean => this.#send !== null && (this.#send.writableBytes > 0 || !this.#send.hasReaders);
    this.#reader = {
      get isReady() {
        return readable();
      },
      poll: () => this.#readChunk(),
    };
    this.#writer = {
      get isReady() {
        return writable();
      },
      poll: () => this.#drain(),
    };
  }

  get isStreamBase(): boolean {
    return true;
  }

  get fd(): number {
    return -1;
  }

  get bytesRead(): number {
    return this.#bytesRead;
  }

  get bytesWritten(): number {
    return this.#bytesWritten;
  }

  get writeQueueSize(): number {
    return this.#pending.reduce((sum, write) => sum + totalLength(write.rest), 0);
  }

  /** The pipes behind it, for a child that is to have them, too. */
  get ends(): StreamEnds {
    return { receive: this.#receive, send: this.#send };
  }

  get isConnected(): boolean {
    return this.#receive !== null || this.#send !== null;
  }

  /** Takes over both pipes with their holder counts. */
  attach(ends: StreamEnds, isBlocking = false): void {
    this.#receive = ends.receive;
    this.#send = ends.send;
    this.#isBlocking = isBlocking;
    if (this.#isReading) this.#watchReading(true);
  }

  /** Gives `bytes` to `consumer` instead of `onread` until called with `null`. */
  consume(consumer: StreamConsumer | null): void {
    this.#consumer = consumer;
  }

  readStart(): number {
    if (this.isShutDown) return EBADF;
    if (this.#receive === null) return this.#send === null ? ENOTCONN : 0;
    this.#watchReading(true);
    return 0;
  }

  readStop(): number {
    this.#watchReading(false);
    return 0;
  }

  useUserBuffer(buffer: ArrayBufferView): void {
    this.#userBuffer = plainBytes(buffer);
  }

  setBlocking(isBlocking: boolean): number {
    this.#isBlocking = isBlocking;
    return 0;
  }

  writeBuffer(request: object, buffer: unknown): number {
    if (!ArrayBuffer.isView(buffer)) throw invalidBuffer();
    return this.writeBytes(request, plainBytes(buffer));
  }

  writeUtf8String(request: object, text: string): number {
    return this.writeBytes(request, encodeString(this.realm, text, 'utf8'));
  }

  writeAsciiString(request: object, text: string): number {
    return this.writeBytes(request, encodeString(this.realm, text, 'latin1'));
  }

  writeLatin1String(request: object, text: string): number {
    return this.writeBytes(request, encodeString(this.realm, text, 'latin1'));
  }

  writeUcs2String(request: object, text: string): number {
    return this.writeBytes(request, encodeString(this.realm, text, 'utf16le'));
  }

  /** `chunks` are buffers, or pairs of chunk and encoding. */
  writev(request: object, chunks: readonly unknown[], areAllBuffers: boolean): number {
    const parts: Uint8Array[] = [];
    const step = areAllBuffers ? 1 : 2;
    for (let index = 0; index < chunks.length; index += step) {
      const chunk = chunks[index];
      if (typeof chunk === 'string') parts.push(encodeString(this.realm, chunk, chunks[index + 1] as string));
      else parts.push(plainBytes(chunk as ArrayBufferView));
    }
    // A large body behind a small head is not worth a copy.
    return totalLength(parts) <= LARGEST_JOINED_BYTES ? this.writeBytes(request, concatBytes(parts)) : this.writeParts(request, parts);
  }

  shutdown(request: object): number {
    if (this.#send === null) return ENOTCONN;
    this.#shutdown = request;
    if (this.#pending.length === 0) this.#finishShutdown();
    return 0;
  }

  protected writeBytes(request: object, bytes: Uint8Array): number {
    return this.writeParts(request, [bytes]);
  }

  /** Writes what fits now; the rest waits for the reader, and `request` completes then. */
  protected writeParts(request: object, parts: readonly Uint8Array[]): number {
    if (this.#send === null) return this.#isEnded ? EPIPE : EBADF;
    const total = totalLength(parts);
    this.reportWrite(total, false);
    this.#bytesWritten += total;
    if (this.#isBlocking) return this.#writeBlocking(this.#send, parts);
    const rest = [...parts];
    if (this.#pending.length === 0 && pour(this.#send, rest) === EPIPE) return this.#brokenWrite(total);
    if (rest.length === 0) return 0;
    this.#pending.push({ request, rest });
    this.reportWrite(total, true);
    if (this.#pending.length === 1) this.#watchWriting(true);
    return 0;
  }

  /** TCP learns only after a write that the other side is gone: the first one seems to succeed, and the bytes are lost. */
  protected get noticesLate(): boolean {
    return false;
  }

  /** What a socket's buffer would not have taken at once is noticed while it is written. */
  #brokenWrite(sizeBytes = 0): number {
    const isNews = this.noticesLate && !this.#isBroken && sizeBytes <= SOCKET_BUFFER_BYTES;
    this.#isBroken = true;
    return isNews ? 0 : EPIPE;
  }

  #writeBlocking(pipe: Pipe, parts: readonly Uint8Array[]): number {
    for (const part of parts) if (pipe.writeAll(part) === EPIPE) return EPIPE;
    return 0;
  }

  protected override onClosing(): void {
    this.#watchReading(false);
    this.#watchWriting(false);
    for (const { request } of this.#pending.splice(0)) completeLater(this.realm, request, ECANCELED, this, undefined);
    if (this.#shutdown !== null) completeLater(this.realm, this.#shutdown, ECANCELED);
    this.#shutdown = null;
    this.#receive?.release('read');
    this.#send?.release('write');
    this.#receive = this.#send = null;
  }

  #watchReading(isReading: boolean): void {
    if (this.#isReading === isReading) return;
    this.#isReading = isReading;
    this.setActive(isReading);
    this.#receive?.watch('read', isReading);
    const poller = pollerOf(this.realm);
    if (isReading) poller.add(this.#reader);
    else poller.remove(this.#reader);
  }

  #watchWriting(isWriting: boolean): void {
    if (this.#isWatchingWrites === isWriting) return;
    this.#isWatchingWrites = isWriting;
    this.#send?.watch('write', isWriting);
    const { loop } = this.realm;
    if (isWriting) {
      loop.ref();
      pollerOf(this.realm).add(this.#writer);
    } else {
      loop.unref();
      pollerOf(this.realm).remove(this.#writer);
    }
  }

  #readChunk(): void {
    const pipe = this.#receive;
    if (pipe === null) return;
    const target = this.#userBuffer ?? new Uint8Array(Math.min(Math.max(pipe.readableBytes, 1), READ_CHUNK_BYTES));
    const count = pipe.read(target);
    if (count === EAGAIN) return;
    if (count === 0) return this.#readEnd();
    this.#bytesRead += count;
    if (this.#consumer !== null) return this.#consumer(count, target.subarray(0, count));
    const next = this.#emitRead(count, this.#userBuffer === null ? (target.buffer as ArrayBuffer) : undefined);
    if (this.#userBuffer !== null && ArrayBuffer.isView(next)) this.#userBuffer = plainBytes(next);
  }

  #readEnd(): void {
    const end = this.#receive?.wasReset === true ? ECONNRESET : UV_EOF;
    this.#watchReading(false);
    if (this.#consumer !== null) this.#consumer(end, null);
    else this.#emitRead(end, undefined);
  }

  /** The other side will read an error instead of an end. */
  protected breakOff(): void {
    this.#send?.reset();
  }

  #emitRead(nread: number, buffer: ArrayBuffer | undefined): unknown {
    const state = this.#state();
    state[READ_BYTES_OR_ERROR] = nread;
    state[ARRAY_BUFFER_OFFSET] = 0;
    return this.realm.makeCallback(this, this.onread, buffer);
  }

  /** Hands a chunk to `onread`, for those who read on the stream's behalf. */
  emitChunk(nread: number, bytes: Uint8Array | null): void {
    this.#emitRead(nread, bytes === null ? undefined : (bytes.slice().buffer as ArrayBuffer));
  }

  #drain(): void {
    const pipe = this.#send;
    const write = this.#pending[0];
    if (pipe === null || write === undefined) return;
    const result = pour(pipe, write.rest);
    if (result !== EPIPE && write.rest.length > 0) return;
    this.#pending.shift();
    if (this.#pending.length === 0) this.#watchWriting(false);
    completeLater(this.realm, write.request, result === EPIPE ? this.#brokenWrite() : result, this, undefined);
    if (this.#pending.length === 0 && this.#shutdown !== null) this.#finishShutdown();
  }

  #finishShutdown(): void {
    const request = this.#shutdown;
    this.#shutdown = null;
    this.#send?.release('write');
    this.#send = null;
    this.#isEnded = true;
    if (request !== null) completeLater(this.realm, request, 0);
  }

  protected reportWrite(bytes: number, isAsync: boolean): void {
    const state = this.#state();
    state[BYTES_WRITTEN] = bytes;
    state[LAST_WRITE_WAS_ASYNC] = isAsync ? 1 : 0;
  }

  #state(): Int32Array {
    return this.realm.internalBinding('stream_wrap')['streamBaseState'] as Int32Array;
  }
}

/** Writes from the front of `rest` until the pipe is full. Returns 0, or EPIPE. */
function pour(pipe: Pipe, rest: Uint8Array[]): number {
  for (let part = rest[0]; part !== undefined; part = rest[0]) {
    const taken = pipe.write(part);
    if (taken === EPIPE) return EPIPE;
    if (taken === EAGAIN) return 0;
    if (taken === part.length) rest.shift();
    else rest[0] = part.subarray(taken);
  }
  return 0;
}

function totalLength(parts: readonly Uint8Array[]): number {
  return parts.reduce((sum, part) => sum + part.length, 0);
}

function invalidBuffer(): TypeError {
  return Object.assign(new TypeError('Second argument must be a buffer'), { code: 'ERR_INVALID_ARG_TYPE', errno: EINVAL });
}
