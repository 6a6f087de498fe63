// One DNS question on its way: asks the servers in turn until one answers or all tries are used. Runs in the process worker.
import type { Realm } from '../../realm.ts';
import { openDatagramSocket, type DatagramSocket } from '../udp.ts';
import { parseIpv6 } from '../stream-base/ip-address.ts';
import { readResponse, type Response, TYPES, type TypeName, writeQuestion } from './packet.ts';

/** What c-ares takes when a program says nothing. */
const DEFAULT_TIMEOUT_MS = 2000;

/** Response codes that are errors, by c-ares's names. */
const CODES: Readonly<Record<number, string>> = { 1: 'EFORMERR', 2: 'ESERVFAIL', 3: 'ENOTFOUND', 4: 'ENOTIMP', 5: 'EREFUSED' };

export interface QueryOptions {
  readonly servers: ReadonlyArray<readonly [host: string, port: number]>;
  readonly timeoutMs: number;
  readonly tries: number;
  /** 0: no limit. */
  readonly maxTimeoutMs: number;
}

export interface Query {
  cancel(): void;
}

type Done = (error: string | null, bytes?: Uint8Array, response?: Response) => void;

export function startQuery(realm: Realm, name: string, type: TypeName, options: QueryOptions, done: Done): Query {
  return new RunningQuery(realm, name, type, options, done);
}

class RunningQuery implements Query {
  readonly #realm: Realm;
  readonly #name: string;
  readonly #type: number;
  readonly #options: QueryOptions;
  readonly #done: Done;
  readonly #id: number;
  readonly #question: Uint8Array | null;
  #attempt = 0;
  /** Why the last try failed. */
  #failure = 'ECONNREFUSED';
  #timer: ReturnType<typeof setTimeout> | undefined;
  #socket: DatagramSocket | null = null;
  #isOver = false;

  constructor(realm: Realm, name: string, type: TypeName, options: QueryOptions, done: Done) {
    this.#realm = realm;
    this.#name = name;
    this.#type = TYPES[type];
    this.#options = options;
    this.#done = done;
    this.#id = realm.primitives.crypto.getRandomValues(new Uint16Array(1))[0] ?? 0;
    this.#question = writeQuestion(this.#id, name, this.#type);
    realm.loop.ref();
    // Node's callbacks never run inside the call that asks.
    realm.loop.enqueue(() => this.#begin());
  }

  cancel(): void {
    this.#finish('ECANCELLED');
  }

  #begin(): void {
    if (/\.onion\.?$/i.test(this.#name)) return this.#finish('ENOTFOUND'); // RFC 7686: never asked for
    if (this.#question === null) return this.#finish('EBADNAME');
    this.#ask();
  }

  #ask(): void {
    if (this.#isOver) return;
    const { servers, tries } = this.#options;
    const server = servers[this.#attempt % servers.length];
    if (server === undefined || this.#attempt >= tries * servers.length) return this.#finish(this.#failure);
    const round = Math.floor(this.#attempt++ / servers.length);
    this.#failure = 'ETIMEOUT';
    this.#timer = this.#realm.primitives.setTimeout(() => this.#next('ETIMEOUT'), this.#patience(round));
    void this.#send(server);
  }

  #patience(round: number): number {
    const { timeoutMs, maxTimeoutMs } = this.#options;
    const patienceMs = (timeoutMs > 0 ? timeoutMs : DEFAULT_TIMEOUT_MS) * 2 ** round;
    return maxTimeoutMs > 0 ? Math.min(patienceMs, maxTimeoutMs) : patienceMs;
  }

  async #send([host, port]: readonly [string, number]): Promise<void> {
    const family = parseIpv6(host) === null ? 4 : 6;
    const attempt = this.#attempt;
    this.#socket?.close();
    this.#socket = openDatagramSocket(this.#realm, family, (bytes) => this.#receive(bytes));
    const isHeard = (await this.#socket?.send({ family, host, port }, this.#question as Uint8Array)) ?? false;
    // Nobody listens there: on a network an ICMP message would say so.
    if (!isHeard && attempt === this.#attempt) this.#realm.loop.enqueue(() => this.#next('ECONNREFUSED'));
  }

  #next(failure: string): void {
    if (this.#isOver) return;
    this.#realm.primitives.clearTimeout(this.#timer);
    this.#failure = failure;
    this.#ask();
  }

  #receive(bytes: Uint8Array): void {
    if (this.#isOver) return;
    let response: Response;
    try {
      response = readResponse(bytes);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      return; // as c-ares: what is no answer is not heard
    }
    const { id, question, code, isTruncated } = response;
    const isOurs = id === this.#id && (question === null || sameName(question.name, this.#name)) && question?.type === this.#type;
    if (!isOurs) return;
    if (isTruncated) return this.#finish('EBADRESP'); // the rest would come over TCP, which has no way out of a tab
    this.#finish(CODES[code] ?? null, bytes, response);
  }

  #finish(error: string | null, bytes?: Uint8Array, response?: Response): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#realm.primitives.clearTimeout(this.#timer);
    this.#socket?.close();
    this.#realm.loop.unref();
    this.#done(error, bytes, response);
  }
}

function sameName(a: string, b: string): boolean {
  return a.toLowerCase() === b.replace(/\.$/, '').toLowerCase();
}
