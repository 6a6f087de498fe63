// The `tcp_wrap` binding: TCP on the workspace's virtual loopback. Runs in the process worker.
import type { IncomingConnection, OutgoingConnection } from '#protocol';
import type { BindingFactory, BindingObject, Realm } from '../realm.ts';
import { EADDRINUSE, EADDRNOTAVAIL, EBADF, ECANCELED, EINVAL, ENETUNREACH, ENOTCONN } from './stream-base/errno.ts';
import { completeLater } from './stream-base/handle-wrap.ts';
import { networkOf } from './stream-base/network.ts';
import { StreamHandle } from './stream-base/stream-handle.ts';

interface Endpoint {
  readonly address: string;
  readonly port: number;
}

const SERVER = 1;
const IPV6_ONLY = 1;
const REUSE_PORT = 2;
const LOCAL_ADDRESS = /^(?:0\.0\.0\.0|127(?:\.\d{1,3}){3}|::|::1|::ffff:127(?:\.\d{1,3}){3})$/i;

export class TcpHandle extends StreamHandle {
  #local: Endpoint | null = null;
  #flags = 0;
  /** The port that the program chose for a connection of its own. */
  #clientPort = 0;
  #remote: Endpoint | null = null;
  #listenerId: number | null = null;
  declare onconnection?: (status: number, client?: TcpHandle) => void;

  /** Wraps what the kernel delivered to a listener. */
  static accepted(realm: Realm, incoming: IncomingConnection, isIPv6Listener: boolean): TcpHandle {
    const handle = new (realm.internalBinding('tcp_wrap')['TCP'] as new (type: number) => TcpHandle)(0);
    handle.#local = mapped(incoming.local, isIPv6Listener);
    handle.#remote = mapped(incoming.remote, isIPv6Listener);
    handle.attach(networkOf(realm).open(incoming.connection));
    return handle;
  }

  open(_fd: number): number {
    return EINVAL;
  }

  bind(address: string, port: number, flags = 0): number {
    if (this.#local !== null) return EINVAL;
    if (!LOCAL_ADDRESS.test(address)) return EADDRNOTAVAIL;
    this.#local = { address, port };
    this.#flags = flags;
    return 0;
  }

  bind6(address: string, port: number, flags = 0): number {
    return this.bind(address, port, flags);
  }

  listen(): number {
    const { address, port } = (this.#local ??= { address: '0.0.0.0', port: 0 });
    const answer = networkOf(this.realm).listen(
      {
        family: 'tcp',
        host: address,
        port,
        isIPv6Only: (this.#flags & IPV6_ONLY) !== 0,
        isShared: (this.#flags & REUSE_PORT) !== 0,
      },
      (incoming) => this.#accept(incoming),
    );
    if (typeof answer === 'number') return answer;
    this.#local = { address, port: answer.port };
    this.#listenerId = answer.listenerId;
    portsTaken(this.realm).add(answer.port);
    this.setActive(true);
    return 0;
  }

  connect(request: object, address: string, port: number): number {
    if (!LOCAL_ADDRESS.test(address)) {
      this.realm.host.reportUnsupported('tcp_wrap.TCP#connect to the network');
      completeLater(this.realm, request, ENETUNREACH, this, request, false, false);
      return 0;
    }
    if (!this.#takeLocalPort()) {
      completeLater(this.realm, request, EADDRINUSE, this, request, false, false);
      return 0;
    }
    networkOf(this.realm).connect({ family: 'tcp', host: address, port }, (answer) => this.#connected(request, answer));
    return 0;
  }

  connect6(request: object, address: string, port: number): number {
    return this.connect(request, address, port);
  }

  getsockname(into: BindingObject): number {
    return describe(this.#local, into, EBADF);
  }

  getpeername(into: BindingObject): number {
    return describe(this.#remote, into, ENOTCONN);
  }

  /** There is no wire to tune: the loopback never delays and never times out. */
  setNoDelay(): number {
    return 0;
  }

  setKeepAlive(): number {
    return 0;
  }

  protected override get noticesLate(): boolean {
    return true;
  }

  override get resourceName(): string {
    return this.#listenerId === null ? super.resourceName : 'TCPServerWrap';
  }

  setSimultaneousAccepts(): number {
    return 0;
  }

  reset(callback?: unknown): number {
    this.breakOff();
    this.close(callback);
    return 0;
  }

  protected override onClosing(): void {
    if (this.#listenerId !== null) {
      networkOf(this.realm).unlisten(this.#listenerId);
      portsTaken(this.realm).delete(this.#local?.port ?? 0);
    }
    this.#listenerId = null;
    if (this.#clientPort !== 0) portsTaken(this.realm).delete(this.#clientPort);
    super.onClosing();
  }

  /** Two connections of a process cannot come from the same port, and none from one that it listens on. */
  #takeLocalPort(): boolean {
    const port = this.#local?.port ?? 0;
    if (port === 0) return true;
    const taken = portsTaken(this.realm);
    if (taken.has(port)) return false;
    taken.add(port);
    this.#clientPort = port;
    return true;
  }

  #accept(incoming: IncomingConnection): void {
    const client = TcpHandle.accepted(this.realm, incoming, this.#local?.address.includes(':') ?? false);
    this.realm.makeCallback(this, this.onconnection, 0, client);
  }

  #connected(request: object, answer: OutgoingConnection | number): void {
    const { realm } = this;
    const { oncomplete } = request as { oncomplete: unknown };
    if (typeof answer === 'number') {
      realm.makeCallback(request, oncomplete, this.isShutDown ? ECANCELED : answer, this, request, false, false);
    } else if (this.isShutDown) {
      networkOf(realm).refuse(answer.connection);
      realm.makeCallback(request, oncomplete, ECANCELED, this, request, false, false);
    } else {
      this.#local = this.#clientPort === 0 ? answer.local : { ...answer.local, port: this.#clientPort };
      this.#remote = answer.remote;
      this.attach(networkOf(realm).open(answer.connection));
      realm.makeCallback(request, oncomplete, 0, this, request, true, true);
    }
  }
}

const portsInUse = new WeakMap<Realm, Set<number>>();

function portsTaken(realm: Realm): Set<number> {
  let ports = portsInUse.get(realm);
  if (ports === undefined) portsInUse.set(realm, (ports = new Set()));
  return ports;
}

/** A listener on an IPv6 address sees IPv4 peers as mapped addresses. */
function mapped(endpoint: Endpoint, isIPv6: boolean): Endpoint {
  return isIPv6 && !endpoint.address.includes(':') ? { address: `::ffff:${endpoint.address}`, port: endpoint.port } : endpoint;
}

function describe(endpoint: Endpoint | null, into: BindingObject, missing: number): number {
  if (endpoint === null) return missing;
  into['address'] = endpoint.address;
  into['port'] = endpoint.port;
  into['family'] = endpoint.address.includes(':') ? 'IPv6' : 'IPv4';
  return 0;
}

export const tcp: BindingFactory = (realm, binding) => {
  binding['TCP'] = class extends TcpHandle {
    static override readonly name = 'TCP';
    constructor(type: number) {
      super(realm);
      if (type !== SERVER && type !== 0) throw Object.assign(new TypeError('Unknown TCP handle type'), { code: 'ERR_INVALID_ARG_VALUE' });
    }
  };
};
