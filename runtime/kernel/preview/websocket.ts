// A WebSocket of a preview page: the client handshake (RFC 6455 section 4) and the copying between its connection and the
// page's MessagePort. Runs in the kernel worker; the page's side is untrusted.
import * as v from 'valibot';
import type { HeaderList, SocketFrame } from '#protocol';
import type { ByteConnection } from './byte-connection.ts';
import type { HttpClient, UpgradedConnection } from './http-client.ts';
import { headerValue } from './http-message.ts';
import {
  decodeClose,
  encodeClose,
  encodeFrame,
  MAX_MESSAGE_BYTES,
  MessageReader,
  OPCODE,
  SocketViolation,
  type Opcode,
} from './websocket-frames.ts';

const ACCEPT_SUFFIX = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'; // RFC 6455 section 1.3
/** Bytes a page may have queued towards a server that does not read; then the socket is closed. */
const MAX_QUEUED_BYTES = 2 * MAX_MESSAGE_BYTES;
const ABNORMAL = 1006;

export interface SocketRequest {
  readonly port: number;
  readonly target: string;
  readonly protocols: readonly string[];
  readonly origin: string;
  readonly cookies: string;
}

const fromPage = v.variant('type', [
  v.object({ type: v.literal('socket-message'), data: v.union([v.string(), v.instance(ArrayBuffer)]) }),
  v.object({ type: v.literal('socket-close'), code: v.pipe(v.number(), v.integer()), reason: v.string(), wasClean: v.boolean() }),
]);

/** Resolves when the socket is closed. Never rejects: the page hears of every failure. */
export async function openSocket(client: HttpClient, request: SocketRequest, page: MessagePort, signal: AbortSignal): Promise<void> {
  try {
    const key = randomKey();
    const upgraded = await client.upgrade(request.port, request.target, handshakeHeaders(request, key));
    const protocol = await checkHandshake(upgraded, key, request.protocols);
    await new SocketSession(upgraded, page, signal).run(protocol);
  } catch (error) {
    post(page, { type: 'socket-error' });
    post(page, { type: 'socket-close', code: ABNORMAL, reason: '', wasClean: false });
    void error; // WebSocket tells a page nothing about why a handshake failed
  } finally {
    page.close();
  }
}

function randomKey(): string {
  return btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(16))));
}

function handshakeHeaders(request: SocketRequest, key: string): HeaderList {
  const optional: [string, string][] = [];
  if (request.origin !== '') optional.push(['Origin', request.origin]);
  if (request.protocols.length > 0) optional.push(['Sec-WebSocket-Protocol', request.protocols.join(', ')]);
  if (request.cookies !== '') optional.push(['Cookie', request.cookies]);
  return [['Upgrade', 'websocket'], ['Connection', 'Upgrade'], ['Sec-WebSocket-Key', key], ['Sec-WebSocket-Version', '13'], ...optional];
}

/** The agreed sub-protocol. Throws where the server did not agree to what was asked. */
async function checkHandshake({ head, connection }: UpgradedConnection, key: string, protocols: readonly string[]): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-1', new TextEncoder().encode(key + ACCEPT_SUFFIX));
  const accept = btoa(String.fromCharCode(...new Uint8Array(digest)));
  const protocol = headerValue(head.headers, 'sec-websocket-protocol') ?? '';
  const isAgreed =
    headerValue(head.headers, 'sec-websocket-accept') === accept &&
    headerValue(head.headers, 'sec-websocket-extensions') === null &&
    (protocol === '' || protocols.includes(protocol));
  if (isAgreed) return protocol;
  connection.close();
  throw new SocketViolation(1002, 'the handshake does not match');
}

class SocketSession {
  readonly #connection: ByteConnection;
  readonly #messages: MessageReader;
  readonly #page: MessagePort;
  readonly #signal: AbortSignal;
  #sending: Promise<void> = Promise.resolve();
  #queuedBytes = 0;
  #hasSentClose = false;

  constructor({ connection, reader }: UpgradedConnection, page: MessagePort, signal: AbortSignal) {
    this.#connection = connection;
    this.#messages = new MessageReader(reader);
    this.#page = page;
    this.#signal = signal;
  }

  async run(protocol: string): Promise<void> {
    const stop = () => this.#connection.close();
    this.#signal.addEventListener('abort', stop, { once: true });
    this.#page.onmessage = (event: MessageEvent<unknown>) => this.#receive(event.data);
    post(this.#page, { type: 'socket-open', protocol, extensions: '' });
    try {
      await this.#readMessages();
    } catch (error) {
      if (error instanceof SocketViolation) this.#sendClose(error.closeCode, '');
      post(this.#page, { type: 'socket-error' });
      post(this.#page, { type: 'socket-close', code: ABNORMAL, reason: '', wasClean: false });
    } finally {
      this.#signal.removeEventListener('abort', stop);
      await this.#sending;
      stop();
    }
  }

  async #readMessages(): Promise<void> {
    for (;;) {
      const { opcode, payload } = await this.#messages.next();
      switch (opcode) {
        case OPCODE.text:
          post(this.#page, { type: 'socket-message', data: decodeText(payload) });
          break;
        case OPCODE.binary:
          this.#page.postMessage({ type: 'socket-message', data: payload.buffer } satisfies SocketFrame, [payload.buffer]);
          break;
        case OPCODE.ping:
          this.#send(OPCODE.pong, payload);
          break;
        case OPCODE.pong:
          break;
        case OPCODE.close: {
          const { code, reason } = decodeClose(payload);
          this.#sendClose(code, '');
          return post(this.#page, { type: 'socket-close', code, reason, wasClean: true });
        }
        default:
          return opcode satisfies never;
      }
    }
  }

  #receive(data: unknown): void {
    const parsed = v.safeParse(fromPage, data);
    if (!parsed.success) return this.#connection.close();
    const frame = parsed.output;
    if (frame.type === 'socket-close') return this.#sendClose(frame.code, frame.reason);
    if (typeof frame.data === 'string') this.#send(OPCODE.text, new TextEncoder().encode(frame.data));
    else this.#send(OPCODE.binary, new Uint8Array(frame.data));
  }

  #sendClose(code: number, reason: string): void {
    if (this.#hasSentClose) return;
    this.#send(OPCODE.close, encodeClose(code, reason));
    this.#hasSentClose = true;
  }

  #send(opcode: Opcode, payload: Uint8Array): void {
    if (this.#hasSentClose) return;
    this.#queuedBytes += payload.byteLength;
    if (this.#queuedBytes > MAX_QUEUED_BYTES) return this.#connection.close();
    const frame = encodeFrame(opcode, payload, crypto.getRandomValues(new Uint8Array(4)));
    this.#sending = this.#sending
      .then(() => this.#connection.write(frame))
      .then(
        () => void (this.#queuedBytes -= payload.byteLength),
        () => this.#connection.close(), // the peer is gone; the reading side reports it
      );
  }
}

function decodeText(payload: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(payload);
  } catch (error) {
    throw Object.assign(new SocketViolation(1007, 'a text message is not UTF-8'), { cause: error });
  }
}

function post(page: MessagePort, frame: SocketFrame): void {
  page.postMessage(frame);
}
