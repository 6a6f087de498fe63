// The `cares_wrap` binding: names of the workspace itself, and questions to its own name servers. Runs in the process worker.
import type { BindingFactory, BindingObject, Realm } from '../realm.ts';
import { nodeError } from './buffer/node-error.ts';
import type { Response, TypeName } from './dns/packet.ts';
import { type Query, startQuery } from './dns/query.ts';
import { readRecords } from './dns/records.ts';
import { formatIpv6, parseIpv4, parseIpv6 } from './stream-base/ip-address.ts';
import { AsyncWrap, completeLater } from './stream-base/handle-wrap.ts';
import { EINVAL, UV_EAI_NONAME } from './stream-base/errno.ts';
import { bufferOf } from './stream-base/text.ts';

const IPV4 = 4;
const IPV6 = 6;
const LOCALHOST = /^(?:.+\.)?localhost\.?$/i;
const LOOPBACK = /^(?:127\..*|::1)$/;
const PORT_NAMES: Readonly<Record<number, string>> = { 22: 'ssh', 80: 'http', 443: 'https' };

/** Node's functions by the type that they ask for. */
const QUERIES: Readonly<Record<string, TypeName>> = {
  queryA: 'A',
  queryAaaa: 'AAAA',
  queryAny: 'ANY',
  queryCaa: 'CAA',
  queryCname: 'CNAME',
  queryMx: 'MX',
  queryNaptr: 'NAPTR',
  queryNs: 'NS',
  queryPtr: 'PTR',
  querySoa: 'SOA',
  querySrv: 'SRV',
  queryTlsa: 'TLSA',
  queryTxt: 'TXT',
};

/** Node's own number, and c-ares's, with their texts. */
const PENDING_QUERIES = -1000;
const ERROR_TEXTS: Readonly<Record<number, string>> = { [PENDING_QUERIES]: 'There are pending queries.' };

/** Addresses of a name in the order of preference, or `null` when it is unknown here. */
function addressesOf(hostname: string, family: number): string[] | null {
  if (parseIpv4(hostname) !== null) return family === IPV6 ? [`::ffff:${hostname}`] : [hostname];
  if (parseIpv6(hostname) !== null) return family === IPV4 ? null : [hostname];
  if (!LOCALHOST.test(hostname)) return null;
  return family === IPV6 ? ['::1'] : ['127.0.0.1'];
}

/** A resolver of the program's: its servers are programs of the workspace, since the network is out of reach. */
class ChannelWrap extends AsyncWrap {
  readonly #timeoutMs: number;
  readonly #tries: number;
  readonly #maxTimeoutMs: number;
  /** What Linux takes without a configuration. */
  #servers: ReadonlyArray<readonly [host: string, port: number]> = [['127.0.0.1', 53]];
  readonly #waiting = new Set<Query>();

  constructor(realm: Realm, timeoutMs = -1, tries = 4, maxTimeoutMs = 0) {
    super(realm);
    this.#timeoutMs = timeoutMs;
    this.#tries = tries;
    this.#maxTimeoutMs = maxTimeoutMs;
  }

  getServers(): unknown[] {
    return this.#servers.map((server) => [...server]);
  }

  setServers(servers: ReadonlyArray<readonly [family: number, host: string, port: number]>): number {
    if (this.#waiting.size > 0) return PENDING_QUERIES;
    this.#servers = servers.map(([, host, port]) => [host, port] as const);
    return 0;
  }

  setLocalAddress(first: string, second?: string): void {
    const refuse = (message: string): never => {
      throw nodeError(TypeError, 'ERR_INVALID_ARG_VALUE', message);
    };
    const family = familyOf(first);
    if (family === 0 || (second !== undefined && familyOf(second) === 0)) refuse('Invalid IP address.');
    if (second !== undefined && familyOf(second) === family) refuse(`Cannot specify two IPv${family} addresses.`);
  }

  cancel(): void {
    for (const query of [...this.#waiting]) query.cancel();
  }

  /** Names of an address: the workspace's own, or what its PTR records say. */
  getHostByAddr(request: object, address: string): number {
    const name = reverseName(address);
    if (name === null) return EINVAL;
    if (LOOPBACK.test(address)) completeLater(this.realm, request, null, ['localhost']);
    else this.ask(request, name, 'PTR');
    return 0;
  }

  ask(request: object, name: string, type: TypeName): number {
    const { realm } = this;
    const options = { servers: this.#servers, timeoutMs: this.#timeoutMs, tries: this.#tries, maxTimeoutMs: this.#maxTimeoutMs };
    const query = startQuery(realm, name, type, options, (error, bytes, response) => {
      this.#waiting.delete(query);
      const { oncomplete } = request as { oncomplete?: unknown };
      realm.makeCallback(request, oncomplete, ...answerOf(error, type, bytes, response));
    });
    this.#waiting.add(query);
    return 0;
  }
}

/** `(error)`, or `(null, values, lifetimes)`. */
function answerOf(error: string | null, type: TypeName, bytes?: Uint8Array, response?: Response): unknown[] {
  if (error !== null || bytes === undefined || response === undefined) return [error];
  try {
    const { values, ttls } = readRecords(bytes, response.answers, type);
    if (values.length === 0) return ['ENODATA'];
    return [null, type === 'SOA' ? values[0] : values, ...(ttls === undefined ? [] : [ttls])];
  } catch (failure) {
    if (!(failure instanceof RangeError)) throw failure;
    return ['EBADRESP'];
  }
}

function familyOf(address: string): 0 | 4 | 6 {
  if (parseIpv4(address) !== null) return 4;
  return parseIpv6(address) === null ? 0 : 6;
}

/** The name under which an address's own names are asked for (RFC 1035, RFC 3596). */
function reverseName(address: string): string | null {
  const bytes = parseIpv4(address);
  if (bytes !== null) return `${bytes.toReversed().join('.')}.in-addr.arpa`;
  const groups = parseIpv6(address);
  if (groups === null) return null;
  const digits = groups.map((group) => group.toString(16).padStart(4, '0')).join('');
  return `${[...digits].toReversed().join('.')}.ip6.arpa`;
}

for (const [method, type] of Object.entries(QUERIES)) {
  Object.defineProperty(ChannelWrap.prototype, method, {
    value(this: ChannelWrap, request: object, name: string) {
      return this.ask(request, name, type);
    },
    writable: true,
    configurable: true,
  });
}

export const cares: BindingFactory = (realm, binding) => {
  binding['getaddrinfo'] = (request: object, hostname: string, family: number): number => {
    const addresses = addressesOf(hostname, family);
    if (addresses === null) completeLater(realm, request, UV_EAI_NONAME);
    else completeLater(realm, request, null, addresses);
    return 0;
  };
  binding['getnameinfo'] = (request: object, address: string, port: number): number => {
    if (LOOPBACK.test(address)) completeLater(realm, request, null, 'localhost', PORT_NAMES[port] ?? String(port));
    else completeLater(realm, request, UV_EAI_NONAME);
    return 0;
  };
  binding['strerror'] = (code: number): string => ERROR_TEXTS[code] ?? `c-ares error ${code}`;
  installAddressText(realm, binding);
  binding['ChannelWrap'] = class extends ChannelWrap {
    static override readonly name = 'ChannelWrap';
    constructor(timeoutMs?: number, tries?: number, maxTimeoutMs?: number) {
      super(realm, timeoutMs, tries, maxTimeoutMs);
    }
  };
};

function installAddressText(realm: Realm, binding: BindingObject): void {
  binding['canonicalizeIP'] = (address: string): string | undefined => {
    if (parseIpv4(address) !== null) return address;
    const parts = parseIpv6(address);
    return parts === null ? undefined : formatIpv6(parts);
  };
  binding['convertIpv6StringToBuffer'] = (address: string): unknown => {
    const groups = parseIpv6(address);
    return groups === null ? null : bufferOf(realm)['from'](groups.flatMap((group) => [group >> 8, group & 0xff]));
  };
}
