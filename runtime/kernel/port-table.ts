// Who listens where on the virtual loopback: TCP ports and unix sockets of one workspace. Kernel worker; pure bookkeeping.
import type { Connection, IncomingConnection, NetAddress, OutgoingConnection } from '#protocol';
import { reversed, type AcceptQueue } from './accept-queue.ts';
import { Pipe } from './ipc/pipe.ts';

const EADDRINUSE = -98;
const ECONNREFUSED = -111;
/** Larger than a pipe's: a response of a megabyte and its head should fit, not wake both sides sixteen times. */
const SOCKET_CAPACITY_BYTES = 1024 * 1024 + 64 * 1024;
const EPHEMERAL_START = 32768;
const EPHEMERAL_END = 60999;

export interface Listener {
  readonly id: number;
  readonly pid: number;
  readonly address: NetAddress;
  /** Connections waiting for a blocking `accept`, and the accepts waiting for them. */
  readonly backlog: IncomingConnection[];
  readonly acceptors: ((incoming: IncomingConnection) => void)[];
  /** The listener takes connections by message, not by accept. */
  readonly deliver: (incoming: IncomingConnection) => void;
  readonly queue: AcceptQueue | null;
}

/** How a connection is asked for by a process that blocks. */
export interface BlockingConnect {
  readonly pid: number;
  readonly connection: Connection;
}

export interface PortEvents {
  onOpen(port: number, pid: number): void;
  onClose(port: number, pid: number): void;
  /** Copies between two connections whose processes both block: neither can be given the other's memory. */
  bridge(one: Connection, other: Connection): void;
}

export class PortTable {
  readonly #events: PortEvents;
  /** By port or path: addresses of one port may have a listener each. */
  readonly #byKey = new Map<string, Listener[]>();
  readonly #byId = new Map<number, Listener>();
  #nextId = 1;
  #nextEphemeral = EPHEMERAL_START;

  constructor(events: PortEvents) {
    this.#events = events;
  }

  /** The listener's id and port, or -EADDRINUSE. Port 0 takes a free one. */
  listen(
    pid: number,
    address: NetAddress,
    deliver: (incoming: IncomingConnection) => void,
    queue: AcceptQueue | null = null,
  ): { listenerId: number; port: number } | number {
    const bound = address.family === 'tcp' && address.port === 0 ? { ...address, port: this.#freePort() } : address;
    const key = keyOf(bound);
    const others = this.#byKey.get(key) ?? [];
    if (others.some((other) => conflict(other.address, bound))) return EADDRINUSE;
    const listener: Listener = { id: this.#nextId++, pid, address: bound, backlog: [], acceptors: [], deliver, queue };
    this.#byKey.set(key, [...others, listener]);
    this.#byId.set(listener.id, listener);
    const port = bound.family === 'tcp' ? bound.port : 0;
    if (bound.family === 'tcp' && others.length === 0) this.#events.onOpen(port, pid);
    return { listenerId: listener.id, port };
  }

  get(listenerId: number): Listener | undefined {
    return this.#byId.get(listenerId);
  }

  unlisten(listenerId: number): void {
    const listener = this.#byId.get(listenerId);
    if (!listener) return;
    this.#byId.delete(listenerId);
    const key = keyOf(listener.address);
    const others = (this.#byKey.get(key) ?? []).filter((other) => other !== listener);
    if (others.length > 0) this.#byKey.set(key, others);
    else this.#byKey.delete(key);
    listener.queue?.close();
    if (listener.address.family === 'tcp' && others.length === 0) this.#events.onClose(listener.address.port, listener.pid);
  }

  /** Closes everything a process listened on. */
  unlistenAll(pid: number): void {
    for (const listener of [...this.#byId.values()]) if (listener.pid === pid) this.unlisten(listener.id);
  }

  /** Makes exactly these ports of the server listen here, where no program of the tab does. */
  setRemotePorts(ports: readonly number[], pid: number, connect: (port: number, connection: Connection) => void): void {
    const wanted = new Set(ports);
    for (const listener of [...this.#byId.values()]) {
      if (listener.pid !== pid || listener.address.family !== 'tcp') continue;
      if (!wanted.delete(listener.address.port)) this.unlisten(listener.id);
    }
    for (const port of wanted) {
      this.listen(pid, { family: 'tcp', host: '127.0.0.1', port }, ({ connection }) => connect(port, connection));
    }
  }

  isListening(port: number): boolean {
    return this.#byKey.has(`tcp:${port}`);
  }

  ports(): { port: number; pid: number }[] {
    return [...this.#byKey.values()].flatMap(([first]) =>
      first?.address.family === 'tcp' ? [{ port: first.address.port, pid: first.pid }] : [],
    );
  }

  /**
   * Makes a connection and hands the far end to the listener. Nothing is retained: `claim` is called with each side's
   * ends and its process, before anybody sees them.
   */
  connect(
    address: NetAddress,
    claim: (connection: Connection, pid: number | null) => void,
    blocking?: BlockingConnect,
  ): OutgoingConnection | number {
    const listener = this.#answering(address);
    if (!listener) return ECONNREFUSED;
    const far = farEnd(listener, blocking);
    if (far === null) return ECONNREFUSED;
    const isBridged = listener.queue !== null && blocking !== undefined && blocking.pid !== listener.pid;
    const near = isBridged ? blocking.connection : reversed(far);
    claim(near, null);
    claim(far, listener.pid);
    if (isBridged) this.#events.bridge(reversed(near), reversed(far));
    const isTcp = listener.address.family === 'tcp';
    const host = address.family === 'tcp' && isIPv6(address.host) ? '::1' : '127.0.0.1';
    const local = { address: isTcp ? host : '', port: isTcp ? this.#freePort() : 0 };
    const remote =
      listener.address.family === 'tcp' ? { address: host, port: listener.address.port } : { address: listener.address.path, port: 0 };
    const incoming = { listenerId: listener.id, connection: far, remote: local, local: remote };
    const acceptor = listener.acceptors.shift();
    if (acceptor) acceptor(incoming);
    else listener.deliver(incoming);
    const isOwn = listener.queue !== null && blocking?.pid === listener.pid;
    return { connection: near, remote, local, ...(isOwn && { queued: { listenerId: listener.id, id: listener.queue.idOf(far) } }) };
  }

  /** The listener on exactly this address, else the one on all of them; several that share it take turns. */
  #answering(address: NetAddress): Listener | undefined {
    const key = keyOf(address);
    const all = this.#byKey.get(key) ?? [];
    const listener =
      all.find((one) => one.address.family === 'unix' || sameHost(one.address, address)) ?? all.find((one) => hears(one.address, address));
    if (listener !== undefined && all.length > 1) this.#byKey.set(key, [...all.filter((one) => one !== listener), listener]);
    return listener;
  }

  #freePort(): number {
    for (;;) {
      const port = this.#nextEphemeral++;
      if (this.#nextEphemeral > EPHEMERAL_END) this.#nextEphemeral = EPHEMERAL_START;
      if (!this.#byKey.has(`tcp:${port}`)) return port;
    }
  }
}

/** The listener's end: from its queue, from the one who connects and blocks, or new. */
function farEnd({ queue }: Listener, blocking: BlockingConnect | undefined): Connection | null {
  if (queue !== null) return queue.take();
  if (blocking !== undefined) return reversed(blocking.connection);
  return { receive: Pipe.create(SOCKET_CAPACITY_BYTES), send: Pipe.create(SOCKET_CAPACITY_BYTES) };
}

function keyOf(address: NetAddress): string {
  return address.family === 'tcp' ? `tcp:${address.port}` : `unix:${address.path}`;
}

type TcpAddress = Extract<NetAddress, { family: 'tcp' }>;

const ANY_IPV4 = '0.0.0.0';
const ANY_IPV6 = '::';

function isIPv6(host: string): boolean {
  return host.includes(':');
}

/** One spelling per address. Whoever names no address, as the preview does, means whatever listens. */
function hostOf({ host }: TcpAddress): string {
  const lower = host.toLowerCase().replace(/^::ffff:(?=\d+\.)/, '');
  return lower === 'localhost' ? '127.0.0.1' : lower;
}

function sameHost(one: NetAddress, other: NetAddress): boolean {
  return one.family === 'tcp' && other.family === 'tcp' && hostOf(one) === hostOf(other);
}

/** Whether a listener takes connections to an address that is not literally its own. */
function hears(listener: NetAddress, to: NetAddress): boolean {
  if (listener.family !== 'tcp' || to.family !== 'tcp') return false;
  const [own, wanted] = [hostOf(listener), hostOf(to)];
  if (own === '' || wanted === '') return true;
  if (own === ANY_IPV6) return isIPv6(wanted) || listener.isIPv6Only !== true;
  if (own === ANY_IPV4) return !isIPv6(wanted);
  return wanted === (isIPv6(own) ? ANY_IPV6 : ANY_IPV4);
}

function conflict(one: NetAddress, other: NetAddress): boolean {
  if (one.family === 'unix' || other.family === 'unix') return true;
  if (one.isShared === true && other.isShared === true) return false;
  const isWild = ({ host }: TcpAddress): boolean => [ANY_IPV4, ANY_IPV6, ''].includes(host);
  if (!isWild(one) && !isWild(other)) return sameHost(one, other);
  return isIPv6(one.host) === isIPv6(other.host) || crosses(one) || crosses(other);
}

/** Listens on IPv4 too, though its address is IPv6's. */
function crosses({ host, isIPv6Only }: TcpAddress): boolean {
  return (host === ANY_IPV6 && isIPv6Only !== true) || host === '';
}
