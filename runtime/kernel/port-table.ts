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
  readonly #byKey = new Map<string, Listener>();
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
    if (this.#byKey.has(key)) return EADDRINUSE;
    const listener: Listener = { id: this.#nextId++, pid, address: bound, backlog: [], acceptors: [], deliver, queue };
    this.#byKey.set(key, listener);
    this.#byId.set(listener.id, listener);
    const port = bound.family === 'tcp' ? bound.port : 0;
    if (bound.family === 'tcp') this.#events.onOpen(port, pid);
    return { listenerId: listener.id, port };
  }

  get(listenerId: number): Listener | undefined {
    return this.#byId.get(listenerId);
  }

  unlisten(listenerId: number): void {
    const listener = this.#byId.get(listenerId);
    if (!listener) return;
    this.#byId.delete(listenerId);
    this.#byKey.delete(keyOf(listener.address));
    listener.queue?.close();
    if (listener.address.family === 'tcp') this.#events.onClose(listener.address.port, listener.pid);
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
    return [...this.#byId.values()].flatMap(({ address, pid }) => (address.family === 'tcp' ? [{ port: address.port, pid }] : []));
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
    const listener = this.#byKey.get(keyOf(address));
    if (!listener) return ECONNREFUSED;
    const far = farEnd(listener, blocking);
    if (far === null) return ECONNREFUSED;
    const isBridged = listener.queue !== null && blocking !== undefined && blocking.pid !== listener.pid;
    const near = isBridged ? blocking.connection : reversed(far);
    claim(near, null);
    claim(far, listener.pid);
    if (isBridged) this.#events.bridge(reversed(near), reversed(far));
    const isTcp = listener.address.family === 'tcp';
    const local = { address: isTcp ? '127.0.0.1' : '', port: isTcp ? this.#freePort() : 0 };
    const remote =
      listener.address.family === 'tcp'
        ? { address: '127.0.0.1', port: listener.address.port }
        : { address: listener.address.path, port: 0 };
    const incoming = { listenerId: listener.id, connection: far, remote: local, local: remote };
    const acceptor = listener.acceptors.shift();
    if (acceptor) acceptor(incoming);
    else listener.deliver(incoming);
    const isOwn = listener.queue !== null && blocking?.pid === listener.pid;
    return { connection: near, remote, local, ...(isOwn && { queued: { listenerId: listener.id, id: listener.queue.idOf(far) } }) };
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

// There is one loopback per workspace: every local host name means the same port.
function keyOf(address: NetAddress): string {
  return address.family === 'tcp' ? `tcp:${address.port}` : `unix:${address.path}`;
}
