// HTTPParser: Node's HTTP parser object over llhttp. Runs in the process worker.
import { performance } from '../../../process/intrinsics.ts';
import { AsyncWrap } from '../stream-base/handle-wrap.ts';
import { UV_EOF } from '../stream-base/errno.ts';
import type { StreamHandle } from '../stream-base/stream-handle.ts';
import { bufferOf, plainBytes } from '../stream-base/text.ts';
import type { ConnectionsList, TimedParser } from './connections-list.ts';
import { HeaderCollector } from './headers.ts';
import { cString, HPE_OK, HPE_PAUSED, HPE_PAUSED_UPGRADE, latin1, llhttp, type LlhttpEvents, register, unregister } from './llhttp.ts';

export const REQUEST = 1;

/** Slots of the parser object in which Node's library puts its callbacks. */
const ON_MESSAGE_BEGIN = 0;
const ON_HEADERS = 1;
const ON_HEADERS_COMPLETE = 2;
const ON_BODY = 3;
const ON_MESSAGE_COMPLETE = 4;
const ON_EXECUTE = 5;

const DEFAULT_MAX_HEADER_BYTES = 16 * 1024;
const STOP = -1;

/** Lenient flags in the order of their bits. */
const LENIENT = [
  'headers',
  'chunked_length',
  'keep_alive',
  'transfer_encoding',
  'version',
  'data_after_close',
  'optional_lf_after_cr',
  'optional_crlf_after_chunk',
  'optional_cr_before_lf',
  'spaces_after_chunk_size',
] as const;

interface ParseError extends Error {
  code?: string;
  reason?: string;
  bytesParsed?: number;
}

export class HTTPParser extends AsyncWrap implements TimedParser, LlhttpEvents {
  static readonly name: string = 'HTTPParser';
  #parser = 0;
  #type = REQUEST;
  #connections: ConnectionsList | null = null;
  #stream: StreamHandle | null = null;
  #thrown: { readonly error: unknown } | null = null;
  #current: Uint8Array | null = null;
  #paused: Uint8Array | null = null;
  #isExecuting = false;
  #freesAfterExecute = false;
  #url = '';
  #status = '';
  #headers = new HeaderCollector(DEFAULT_MAX_HEADER_BYTES);
  #requestStartedAtMs = 0;
  #areHeadersComplete = false;

  get requestStartedAtMs(): number {
    return this.#requestStartedAtMs;
  }

  get areHeadersComplete(): boolean {
    return this.#areHeadersComplete;
  }

  /** Makes the parser ready for a connection: parsers are pooled and used again. */
  initialize(type: number, _resource: object, maxHeaderBytes = 0, lenientFlags = 0, connections?: ConnectionsList): void {
    this.free();
    this.asyncReset();
    const { llhttp_alloc: allocate } = llhttp();
    this.#parser = allocate(type);
    this.#type = type;
    this.#connections = connections ?? null;
    this.#headers = new HeaderCollector(maxHeaderBytes || DEFAULT_MAX_HEADER_BYTES);
    this.#startMessage();
    register(this.#parser, this);
    for (const [bit, name] of LENIENT.entries()) if (lenientFlags & (1 << bit)) llhttp()[`llhttp_set_lenient_${name}`]?.(this.#parser, 1);
    // A fresh server connection counts as a started request, so that one that sends nothing times out.
    this.#requestStartedAtMs = connections !== undefined && type === REQUEST ? performance.now() : 0;
    connections?.add(this);
    if (this.#requestStartedAtMs !== 0) connections?.activate(this);
  }

  execute(buffer: ArrayBufferView, offset?: number, length?: number): number | Error {
    const bytes = plainBytes(buffer);
    return this.#run(offset === undefined ? bytes : bytes.subarray(offset, offset + (length ?? bytes.length)));
  }

  finish(): Error | undefined {
    if (this.#parser === 0) return undefined;
    const code = this.#guarded(() => llhttp().llhttp_finish(this.#parser));
    return code === HPE_OK ? undefined : this.#parseError(code, 0);
  }

  pause(): void {
    if (this.#parser !== 0) llhttp().llhttp_pause(this.#parser);
  }

  resume(): void {
    if (this.#parser === 0) return;
    llhttp().llhttp_resume(this.#parser);
    const rest = this.#paused;
    this.#paused = null;
    if (rest !== null && rest.length > 0) this.#run(rest);
  }

  /** Reads the stream directly: the bytes never become events of the socket. */
  consume(stream: StreamHandle): void {
    this.#stream = stream;
    stream.consume((_nread, bytes) => this.#consumed(stream, bytes));
  }

  unconsume(): void {
    this.#stream?.consume(null);
    this.#stream = null;
  }

  getCurrentBuffer(): unknown {
    return this.#current === null ? undefined : bufferOf(this.realm).from(this.#current);
  }

  close(): void {
    this.free();
  }

  remove(): void {
    this.#connections?.remove(this);
  }

  free(): void {
    if (this.#isExecuting) {
      this.#freesAfterExecute = true;
      return;
    }
    this.#freesAfterExecute = false;
    this.remove();
    this.emitDestroy();
    if (this.#parser === 0) return;
    unregister(this.#parser);
    llhttp().llhttp_free(this.#parser);
    this.#parser = 0;
    this.#paused = null;
  }

  onMessageBegin(): number {
    this.#startMessage();
    this.#requestStartedAtMs = performance.now();
    this.#connections?.activate(this);
    return this.#call(ON_MESSAGE_BEGIN) === STOP ? STOP : 0;
  }

  onUrl(at: number, length: number): number {
    this.#url += latin1(at, length);
    return this.#headers.count(length) ? 0 : STOP;
  }

  onStatus(at: number, length: number): number {
    this.#status += latin1(at, length);
    return this.#headers.count(length) ? 0 : STOP;
  }

  onHeaderField(at: number, length: number): number {
    return this.#headers.addField(latin1(at, length)) ? 0 : STOP;
  }

  onHeaderValue(at: number, length: number): number {
    return this.#headers.addValue(latin1(at, length)) ? 0 : STOP;
  }

  onHeadersComplete(status: number, isUpgrade: boolean, keepsAlive: boolean): number {
    this.#areHeadersComplete = true;
    const isRequest = this.#type === REQUEST;
    const { llhttp_get_http_major: major, llhttp_get_http_minor: minor, llhttp_get_method: method } = llhttp();
    const answer = this.#call(
      ON_HEADERS_COMPLETE,
      major(this.#parser),
      minor(this.#parser),
      this.#headers.take(),
      isRequest ? method(this.#parser) : undefined,
      isRequest ? this.#url : undefined,
      isRequest ? undefined : status,
      isRequest ? undefined : this.#status,
      isUpgrade,
      keepsAlive,
    );
    this.#url = '';
    return typeof answer === 'number' ? answer : 0;
  }

  onBody(at: number, length: number): number {
    if (length === 0) return 0;
    const chunk = bufferOf(this.realm).from(new Uint8Array(llhttp().memory.buffer).slice(at, at + length).buffer) as unknown;
    return this.#call(ON_BODY, chunk) === STOP ? STOP : 0;
  }

  onMessageComplete(): number {
    this.#requestStartedAtMs = 0;
    this.#connections?.deactivate(this);
    const trailers = this.#headers.take();
    if (trailers.length > 0 && this.#call(ON_HEADERS, trailers, '') === STOP) return STOP;
    return this.#call(ON_MESSAGE_COMPLETE) === STOP ? STOP : 0;
  }

  #startMessage(): void {
    this.#url = '';
    this.#status = '';
    this.#headers.reset();
    this.#areHeadersComplete = false;
  }

  /** Calls Node's callback in `slot`. What it throws is kept until llhttp's frames are off the stack. */
  #call(slot: number, ...args: unknown[]): unknown {
    const callback = (this as unknown as Record<number, unknown>)[slot];
    if (typeof callback !== 'function') return 0;
    try {
      return Reflect.apply(callback, this, args);
    } catch (error) {
      this.#thrown = { error };
      return STOP;
    }
  }

  #run(bytes: Uint8Array): number | Error {
    if (this.#parser === 0) return bytes.length;
    const wasm = llhttp();
    const pointer = wasm.malloc(bytes.length || 1);
    new Uint8Array(wasm.memory.buffer).set(bytes, pointer);
    this.#current = bytes;
    let parsed = bytes.length;
    const code = this.#guarded(
      () => {
        const result = wasm.llhttp_execute(this.#parser, pointer, bytes.length);
        if (result !== HPE_OK) parsed = Math.max(0, wasm.llhttp_get_error_pos(this.#parser) - pointer);
        if (result === HPE_PAUSED) this.#paused = bytes.slice(parsed);
        if (result === HPE_PAUSED_UPGRADE) wasm.llhttp_resume_after_upgrade(this.#parser);
        return result;
      },
      () => wasm.free(pointer),
    );
    if (code === HPE_OK || code === HPE_PAUSED_UPGRADE) return parsed;
    return code === HPE_PAUSED ? bytes.length : this.#parseError(code, parsed);
  }

  /** Runs llhttp, then frees what had to wait for it and raises what a callback threw. */
  #guarded(execute: () => number, cleanUp: () => void = () => {}): number {
    this.#thrown = null;
    this.#isExecuting = true;
    const parser = this.#parser;
    try {
      return execute();
    } finally {
      this.#isExecuting = false;
      this.#current = null;
      this.#reason = parser === 0 ? '' : this.#readReason(parser);
      cleanUp();
      if (this.#freesAfterExecute) this.free();
      this.#raise();
    }
  }
  #reason = '';

  #readReason(parser: number): string {
    const at = llhttp().llhttp_get_error_reason(parser);
    return at === 0 ? '' : cString(at);
  }

  #raise(): void {
    const thrown = this.#thrown as { readonly error: unknown } | null;
    this.#thrown = null;
    if (thrown !== null) throw thrown.error;
  }

  #parseError(code: number, bytesParsed: number): Error {
    const isOverflow = this.#headers.isOverLimit;
    const reason = isOverflow ? 'Header overflow' : this.#reason;
    const error: ParseError = new Error('Parse Error');
    error.bytesParsed = bytesParsed;
    error.code = isOverflow ? 'HPE_HEADER_OVERFLOW' : cString(llhttp().llhttp_errno_name(code));
    error.reason = reason;
    return error;
  }

  #consumed(stream: StreamHandle, bytes: Uint8Array | null): void {
    if (bytes === null) {
      this.unconsume();
      stream.emitChunk(UV_EOF, null);
      return;
    }
    this.realm.makeCallback(this, () => {
      const result = this.#run(bytes);
      // An upgrade and a parse error both ask for the packet after it was parsed.
      this.#current = bytes;
      this.#call(ON_EXECUTE, result);
      this.#current = null;
      this.#raise();
    });
  }
}
