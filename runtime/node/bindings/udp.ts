// The `udp_wrap` binding: datagrams between the programs of a workspace, carried by the kernel. Runs in the process worker.
import type { Datagram, DatagramAddress } from '#protocol';
import type { BindingFactory, BindingObject, Realm } from '../realm.ts';
import { EBADF, EINVAL, ENETUNREACH, ENOTCONN } from './stream-base/errno.ts';
import { AsyncWrap, HandleWrap } from './stream-base/handle-wrap.ts';
import { formatIpv6, parseIpv4, parseIpv6 } from './stream-base/ip-address.ts';
import { bufferOf, concatBytes, plainBytes } from './stream-base/text.ts';

const EMSGSIZE = -90;
const EISCONN = -106;
const IPV6_ONLY = 1;
const REUSE_ADDRESS = 4;
const REUSE_PORT = 8;
/** The largest datagram that IPv4 carries. */
const MAX_DATAGRAM_BYTES = 65_507;
const DEFAULT_BUFFER_BYTES = 212_992;

type Bound = { readonly socketId: number; readonly port: number };
type Address = DatagramAddress & { readonly family: 4 | 6 };

const MAPPED = '::ffff:';

class UdpHandle extends HandleWrap {
  #bound: Bound | null = null;
  #local: Address | null = null;
  #peer: Address | null = null;
  #isReceiving = false;
  readonly #bufferBytes: [receive: number, send: number] = [DEFAULT_BUFFER_BYTES, DEFAULT_BUFFER_BYTES];
  #sending = 0;
  #sendingBytes = 0;
  declare onmessage?: (count: number, handle: object, buffer: unknown, from: unknown) => void;

  get fd(): number {
    return this.#bound === null ? EBADF : this.#bound.socketId + 1000;
  }

  open(): number {
    return EINVAL;
  }

  bind(host: string, port: number, flags = 0): number {
    return this.#bindTo({ family: 4, host, port: portOf(port) }, flags);
  }

  bind6(host: string, port: number, flags = 0): number {
    return this.#bindTo({ family: 6, host, port: portOf(port) }, flags);
  }

  connect(host: string, port: number): number {
    return this.#connectTo({ family: 4, host, port });
  }

  connect6(host: string, port: number): number {
    return this.#connectTo({ family: 6, host, port });
  }

  disconnect(): number {
    if (this.#peer === null) return ENOTCONN;
    this.#peer = null;
    return 0;
  }

  /** `(request, list, count, port, address, hasCallback)`, or without the address when connected. */
  send(request: object, list: readonly ArrayBufferView[], count: number, ...rest: unknown[]): number {
    return this.#sendFrom(4, request, list.slice(0, count), rest);
  }

  send6(request: object, list: readonly ArrayBufferView[], count: number, ...rest: unknown[]): number {
    return this.#sendFrom(6, request, list.slice(0, count), rest);
  }

  recvStart(): number {
    const error = this.#bound === null ? this.bind('0.0.0.0', 0) : 0;
    if (error < 0) return error;
    this.#isReceiving = true;
    this.setActive(true);
    return 0;
  }

  recvStop(): number {
    this.#isReceiving = false;
    this.setActive(false);
    return 0;
  }

  getsockname(into: BindingObject): number {
    return describe(this.#local, into, EBADF);
  }

  getpeername(into: BindingObject): number {
    return describe(this.#peer, into, ENOTCONN);
  }

  addMembership(group: string): number {
    return this.#join(group, true);
  }

  dropMembership(group: string): number {
    return this.#join(group, false);
  }

  addSourceSpecificMembership(_source: string, group: string): number {
    return this.#join(group, true);
  }

  dropSourceSpecificMembership(_source: string, group: string): number {
    return this.#join(group, false);
  }

  setMulticastInterface(address: string): number {
    const isAddress = parseIpv4(address) !== null || parseIpv6(address) !== null;
    return isAddress && !isGroup(address) ? 0 : EINVAL;
  }

  setMulticastTTL(hops: number): number {
    return this.#option(hops >= 0 && hops <= 255);
  }

  setMulticastLoopback(): number {
    return this.#option(true);
  }

  setBroadcast(): number {
    return this.#option(true);
  }

  setTTL(hops: number): number {
    return this.#option(hops >= 1 && hops <= 255);
  }

  /** 0 asks; Linux doubles what is set. `context` receives the error. */
  bufferSize(size: number, isReceive: boolean, context: BindingObject): number | undefined {
    const index = isReceive ? 0 : 1;
    if (this.#bound === null || size > 0x7fff_ffff) {
      const syscall = isReceive ? 'uv_recv_buffer_size' : 'uv_send_buffer_size';
      const code = this.#bound === null ? 'EBADF' : 'EINVAL';
      const message = this.#bound === null ? 'bad file descriptor' : 'invalid argument';
      Object.assign(context, { errno: this.#bound === null ? EBADF : EINVAL, code, message, syscall });
      return undefined;
    }
    if (size > 0) this.#bufferBytes[index] = size * 2;
    return this.#bufferBytes[index];
  }

  getSendQueueSize(): number {
    return this.#sendingBytes;
  }

  getSendQueueCount(): number {
    return this.#sending;
  }

  /** A datagram for this socket; connected, only its peer is heard. */
  receive({ from, bytes }: Datagram): void {
    if (!this.#isReceiving || this.isShutDown) return;
    const peer = this.#peer;
    if (peer !== null && (peer.port !== from.port || peer.host !== from.host)) return;
    const isMapped = this.#local?.family === 6 && from.family === 4;
    const address = isMapped ? `${MAPPED}${from.host}` : from.host;
    const family = isMapped || from.family === 6 ? 'IPv6' : 'IPv4';
    const buffer = bufferOf(this.realm)['from'](bytes.buffer, bytes.byteOffset, bytes.byteLength) as unknown;
    this.realm.makeCallback(this, this.onmessage, bytes.length, this, buffer, { address, family, port: from.port });
  }

  protected override onClosing(): void {
    if (this.#bound === null) return;
    socketsOf(this.realm).delete(this.#bound.socketId);
    this.realm.host.callSync({ type: 'close-datagram', socketId: this.#bound.socketId });
    this.#bound = null;
  }

  #bindTo(address: Address, flags: number): number {
    if (this.isShutDown) return EBADF;
    if (this.#bound !== null) return EINVAL;
    const isShared = (flags & (REUSE_ADDRESS | REUSE_PORT)) !== 0;
    const normal = normalize({ ...address, isIPv6Only: (flags & IPV6_ONLY) !== 0 });
    if (normal === null) return EINVAL;
    const answer = this.realm.host.callSync<Bound | number>({ type: 'bind-datagram', address: normal, isShared });
    if (typeof answer === 'number') return answer;
    this.#bound = answer;
    this.#local = { ...normal, port: answer.port };
    socketsOf(this.realm).set(answer.socketId, this);
    return 0;
  }

  #connectTo(address: Address): number {
    if (this.#peer !== null) return EISCONN;
    const peer = normalize(address);
    if (peer === null) return EINVAL;
    const error = this.#ensureBound(address.family);
    if (error < 0) return error;
    this.#peer = { ...peer, host: loopback(peer) };
    return 0;
  }

  #ensureBound(family: 4 | 6): number {
    if (this.#bound !== null) return 0;
    return family === 4 ? this.bind('0.0.0.0', 0) : this.bind6('::', 0);
  }

  #sendFrom(family: 4 | 6, request: object, list: readonly ArrayBufferView[], rest: unknown[]): number {
    const isConnected = rest.length < 2;
    const to = isConnected ? this.#peer : normalize({ family, port: rest[0] as number, host: String(rest[1]) });
    const hasCallback = rest.at(-1) === true;
    if (to === null) return isConnected ? ENOTCONN : EINVAL;
    const error = this.#ensureBound(family);
    if (error < 0) return error;
    const bytes = concatBytes(list.map(plainBytes));
    if (bytes.length > MAX_DATAGRAM_BYTES) return EMSGSIZE;
    if (!isReachable(to)) return this.#refuse(request, hasCallback);
    return this.#transmit(request, to, bytes, hasCallback);
  }

  #refuse(request: object, hasCallback: boolean): number {
    this.realm.host.reportUnsupported('udp_wrap.UDP#send to the network');
    if (!hasCallback) return ENETUNREACH;
    this.#complete(request, ENETUNREACH, 0);
    return 0;
  }

  /** Positive results say that the datagram is on its way already: the length and one. */
  #transmit(request: object, to: Address, bytes: Uint8Array, hasCallback: boolean): number {
    const { host } = this.realm;
    const socketId = this.#bound?.socketId ?? 0;
    void host.call({ type: 'send-datagram', socketId, to: { ...to, host: loopback(to) }, bytes });
    if (!hasCallback) return bytes.length + 1;
    this.#complete(request, 0, bytes.length);
    return 0;
  }

  #complete(request: object, status: number, sizeBytes: number): void {
    const { realm } = this;
    this.#sending++;
    this.#sendingBytes += sizeBytes;
    realm.loop.ref();
    realm.loop.enqueue(() => {
      realm.loop.unref();
      this.#sending--;
      this.#sendingBytes -= sizeBytes;
      realm.makeCallback(request, (request as { oncomplete?: unknown }).oncomplete, status, sizeBytes);
    });
  }

  #join(group: string, isMember: boolean): number {
    if (!isGroup(group)) return EINVAL;
    const error = this.#ensureBound(group.includes(':') ? 6 : 4);
    if (error < 0) return error;
    return this.realm.host.callSync({ type: 'join-group', socketId: this.#bound?.socketId ?? 0, group, isMember });
  }

  #option(isValid: boolean): number {
    if (this.#bound === null) return EBADF;
    return isValid ? 0 : EINVAL;
  }
}

/** As native code reads a number: anything else is 0. */
function portOf(port: unknown): number {
  return typeof port === 'number' ? port | 0 : 0;
}

interface DatagramReceiver {
  receive(datagram: Datagram): void;
}

const sockets = new WeakMap<Realm, Map<number, DatagramReceiver>>();

function socketsOf(realm: Realm): Map<number, DatagramReceiver> {
  let known = sockets.get(realm);
  if (known === undefined) {
    known = new Map();
    sockets.set(realm, known);
    const byId = known;
    realm.host.onDatagram = (datagram) => realm.loop.enqueue(() => byId.get(datagram.socketId)?.receive(datagram));
  }
  return known;
}

/** A socket that is no handle of the program's: Node's resolver asks through one. */
export interface DatagramSocket {
  /** Whether anybody listens there. */
  send(to: DatagramAddress, bytes: Uint8Array): Promise<boolean>;
  close(): void;
}

/** `null` when the kernel has no room for one. */
export function openDatagramSocket(realm: Realm, family: 4 | 6, receive: (bytes: Uint8Array) => void): DatagramSocket | null {
  const { host } = realm;
  const address = { family, host: family === 4 ? '0.0.0.0' : '::', port: 0 };
  const answer = host.callSync<Bound | number>({ type: 'bind-datagram', address, isShared: false });
  if (typeof answer === 'number') return null;
  const { socketId } = answer;
  socketsOf(realm).set(socketId, { receive: ({ bytes }) => receive(bytes) });
  return {
    send: async (to, bytes) => isReachable({ ...to, family }) && (await host.call({ type: 'send-datagram', socketId, to, bytes })) > 0,
    close: () => {
      if (socketsOf(realm).delete(socketId)) void host.call({ type: 'close-datagram', socketId });
    },
  };
}

function normalize(address: Address): Address | null {
  if (address.family === 4) return parseIpv4(address.host) === null ? null : address;
  if (address.host.toLowerCase().startsWith(MAPPED)) return { ...address, family: 4, host: address.host.slice(MAPPED.length) };
  const groups = parseIpv6(address.host);
  return groups === null ? null : { ...address, host: formatIpv6(groups) };
}

/** The wildcard address as a destination means this host. */
function loopback({ family, host }: Address): string {
  if (family === 4) return host === '0.0.0.0' ? '127.0.0.1' : host;
  return host === '::' ? '::1' : host;
}

function isReachable({ family, host }: Address): boolean {
  if (isGroup(host) || host === '255.255.255.255') return true;
  return family === 4 ? host.startsWith('127.') || host === '0.0.0.0' : host === '::1' || host === '::';
}

function isGroup(host: string): boolean {
  const first = parseIpv4(host)?.[0] ?? 0;
  return (first >= 224 && first < 240) || (parseIpv6(host)?.[0] ?? 0) >> 8 === 0xff;
}

function describe(address: Address | null, into: BindingObject, missing: number): number {
  if (address === null) return missing;
  Object.assign(into, { address: address.host, port: address.port, family: address.family === 6 ? 'IPv6' : 'IPv4' });
  return 0;
}

export const udp: BindingFactory = (realm, binding) => {
  binding['UDP'] = class extends UdpHandle {
    static override readonly name = 'UDP';
    constructor() {
      super(realm);
    }
  };
  binding['SendWrap'] = class SendWrap extends AsyncWrap {
    constructor() {
      super(realm);
    }
  };
};
