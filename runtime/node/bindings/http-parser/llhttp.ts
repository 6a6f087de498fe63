// llhttp as WebAssembly: compiled on the first request of a process, one instance for all its parsers. Process worker.
import { atob } from '../../../process/intrinsics.ts';
import { llhttpBase64 } from '../../../../.cache/node-lib/llhttp.js';

/** The functions of the WebAssembly build that we call; pointers are numbers. */
export interface Llhttp {
  readonly memory: WebAssembly.Memory;
  _initialize(): void;
  malloc(sizeBytes: number): number;
  free(pointer: number): void;
  llhttp_alloc(type: number): number;
  llhttp_free(parser: number): void;
  llhttp_execute(parser: number, data: number, length: number): number;
  llhttp_finish(parser: number): number;
  llhttp_pause(parser: number): void;
  llhttp_resume(parser: number): void;
  llhttp_resume_after_upgrade(parser: number): void;
  llhttp_get_errno(parser: number): number;
  llhttp_get_error_pos(parser: number): number;
  llhttp_get_error_reason(parser: number): number;
  llhttp_get_method(parser: number): number;
  llhttp_get_http_major(parser: number): number;
  llhttp_get_http_minor(parser: number): number;
  llhttp_errno_name(errno: number): number;
  readonly [setLenient: `llhttp_set_lenient_${string}`]: ((parser: number, isOn: number) => void) | undefined;
}

/** What llhttp tells a parser. `at` and `length` are in its memory; a non-zero answer stops the parser. */
export interface LlhttpEvents {
  onMessageBegin(): number;
  onUrl(at: number, length: number): number;
  onStatus(at: number, length: number): number;
  onHeaderField(at: number, length: number): number;
  onHeaderValue(at: number, length: number): number;
  onHeadersComplete(status: number, isUpgrade: boolean, keepsAlive: boolean): number;
  onBody(at: number, length: number): number;
  onMessageComplete(): number;
}

/** llhttp's own error numbers that mean something to us. */
export const HPE_OK = 0;
export const HPE_PAUSED = 21;
export const HPE_PAUSED_UPGRADE = 22;

const events = new Map<number, LlhttpEvents>();
let instance: Llhttp | null = null;

export function llhttp(): Llhttp {
  return (instance ??= instantiate());
}

export function register(parser: number, listener: LlhttpEvents): void {
  events.set(parser, listener);
}

export function unregister(parser: number): void {
  events.delete(parser);
}

/** Bytes of llhttp's memory as text; header bytes are Latin-1 by definition (RFC 9110, 5.5). */
export function latin1(at: number, length: number): string {
  const bytes = new Uint8Array(llhttp().memory.buffer, at, length);
  let text = '';
  for (let index = 0; index < length; index++) text += String.fromCharCode(bytes[index] ?? 0);
  return text;
}

export function cString(at: number): string {
  const bytes = new Uint8Array(llhttp().memory.buffer);
  let end = at;
  while (bytes[end] !== 0) end++;
  return latin1(at, end - at);
}

function instantiate(): Llhttp {
  const bytes = Uint8Array.from(atob(llhttpBase64), (character) => character.charCodeAt(0));
  const tell =
    <T extends unknown[]>(event: (listener: LlhttpEvents, ...args: T) => number) =>
    (parser: number, ...args: T): number => {
      const listener = events.get(parser);
      return listener === undefined ? 0 : event(listener, ...args);
    };
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), {
    env: {
      wasm_on_message_begin: tell((listener) => listener.onMessageBegin()),
      wasm_on_url: tell((listener, at: number, length: number) => listener.onUrl(at, length)),
      wasm_on_status: tell((listener, at: number, length: number) => listener.onStatus(at, length)),
      wasm_on_header_field: tell((listener, at: number, length: number) => listener.onHeaderField(at, length)),
      wasm_on_header_value: tell((listener, at: number, length: number) => listener.onHeaderValue(at, length)),
      wasm_on_headers_complete: tell((listener, status: number, upgrade: number, keep: number) =>
        listener.onHeadersComplete(status, upgrade !== 0, keep !== 0),
      ),
      wasm_on_body: tell((listener, at: number, length: number) => listener.onBody(at, length)),
      wasm_on_message_complete: tell((listener) => listener.onMessageComplete()),
    },
  });
  const ready = exports as unknown as Llhttp;
  ready._initialize();
  return ready;
}
