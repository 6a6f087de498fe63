// The `cares_wrap` binding: names of the workspace itself; there is no resolver behind it. Runs in the process worker.
import type { BindingFactory, BindingObject, Realm } from '../realm.ts';
import { formatIpv6, parseIpv4, parseIpv6 } from './stream-base/ip-address.ts';
import { AsyncWrap, completeLater } from './stream-base/handle-wrap.ts';
import { UV_EAI_NONAME } from './stream-base/errno.ts';
import { bufferOf } from './stream-base/text.ts';

const IPV4 = 4;
const IPV6 = 6;
const LOCALHOST = /^(?:.+\.)?localhost\.?$/i;
const PORT_NAMES: Readonly<Record<number, string>> = { 22: 'ssh', 80: 'http', 443: 'https' };

const QUERIES = [
  'getHostByAddr',
  'queryA',
  'queryAaaa',
  'queryAny',
  'queryCaa',
  'queryCname',
  'queryMx',
  'queryNaptr',
  'queryNs',
  'queryPtr',
  'querySoa',
  'querySrv',
  'queryTlsa',
  'queryTxt',
] as const;

/** Addresses of a name in the order of preference, or `null` when it is unknown here. */
function addressesOf(hostname: string, family: number): string[] | null {
  if (parseIpv4(hostname) !== null) return family === IPV6 ? [`::ffff:${hostname}`] : [hostname];
  if (parseIpv6(hostname) !== null) return family === IPV4 ? null : [hostname];
  if (!LOCALHOST.test(hostname)) return null;
  return family === IPV6 ? ['::1'] : ['127.0.0.1'];
}

/** Every query answers "connection refused": there is no name server in the tab. */
class ChannelWrap extends AsyncWrap {
  /** What Linux takes without a configuration. */
  #servers: unknown[] = [['127.0.0.1', 53]];
  readonly #waiting = new Set<object>();

  getServers(): unknown[] {
    return this.#servers;
  }

  setServers(servers: unknown[]): number {
    this.#servers = servers.map((server) => (server as unknown[]).slice(1));
    return 0;
  }

  setLocalAddress(): void {}

  cancel(): void {
    for (const request of this.#waiting) this.#complete(request, 'ECANCELLED');
    this.#waiting.clear();
  }

  refuse(request: object): number {
    const { loop } = this.realm;
    this.#waiting.add(request);
    loop.ref();
    loop.enqueue(() => {
      loop.unref();
      if (this.#waiting.delete(request)) this.#complete(request, 'ECONNREFUSED');
    });
    return 0;
  }

  #complete(request: object, error: string): void {
    completeLater(this.realm, request, error);
  }
}

for (const query of QUERIES) {
  Object.defineProperty(ChannelWrap.prototype, query, {
    value(this: ChannelWrap, request: object) {
      return this.refuse(request);
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
    const isLocal = address === '::1' || address.startsWith('127.');
    completeLater(realm, request, null, isLocal ? 'localhost' : address, PORT_NAMES[port] ?? String(port));
    return 0;
  };
  installAddressText(realm, binding);
  binding['ChannelWrap'] = class extends ChannelWrap {
    static override readonly name = 'ChannelWrap';
    constructor() {
      super(realm);
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
