// A TCP socket of a Python process over the workspace's loopback. Blocking is the caller's; nothing here waits. Python worker.
import type { Connection, OutgoingConnection } from '#protocol';
import type { Stat } from '../../fs/file-system.ts';
import { ACCEPT_RECORD_BYTES } from '../../kernel/accept-queue.ts';
import { EAGAIN, EPIPE, Pipe } from '../../kernel/ipc/pipe.ts';
import type { ProcessHost } from '../../process/host.ts';
import { guest, toGuestResult } from './errno.ts';
import { fillStreamStat, S_IFSOCK, type Opened } from './opened.ts';

/** Memory per direction: a response of usual size fits, and a queue of these stays small. */
const SOCKET_BYTES = 256 * 1024;
/** As many may wait to be accepted before the next is refused. */
const QUEUE_LENGTH = 32;
const PEEK_BYTES = 64 * 1024;

export interface Endpoint {
  readonly address: string;
  readonly port: number;
}

interface Listening {
  readonly id: number;
  readonly ready: Pipe;
  readonly memories: Map<number, Connection>;
  nextId: number;
}

export class OpenedSocket implements Opened {
  readonly mode = S_IFSOCK | 0o777;
  readonly isSeekable = false;
  readonly path = 'socket:';
  readonly type: number;
  local: Endpoint = { address: '0.0.0.0', port: 0 };
  remote: Endpoint | null = null;
  readonly options = new Map<string, number>();
  readonly #host: ProcessHost;
  #receive: Pipe | null = null;
  #send: Pipe | null = null;
  #peeked = new Uint8Array();
  #listening: Listening | null = null;
  #isAccepting = false;
  #descriptors = 1;

  constructor(host: ProcessHost, type: number) {
    this.#host = host;
    this.type = type;
  }

  /** Two sockets that are connected to each other, within this process. */
  static pair(host: ProcessHost, type: number): [OpenedSocket, OpenedSocket] {
    const [there, back] = [host.createPipe(), host.createPipe()].map((memory) => host.openPipe(memory)) as [Pipe, Pipe];
    const first = new OpenedSocket(host, type);
    const second = new OpenedSocket(host, type);
    first.#attach(back, there, { address: '127.0.0.1', port: 0 }, { address: '127.0.0.1', port: 0 });
    second.#attach(there, back, { address: '127.0.0.1', port: 0 }, { address: '127.0.0.1', port: 0 });
    return [first, second];
  }

  get isListening(): boolean {
    return this.#isAccepting;
  }

  /** Takes the port at once: a port in use must be told by `bind`. */
  bind(host: string, port: number): number {
    if (this.#listening || this.remote) return guest.EINVAL;
    const { memory, queue } = this.#makeQueue();
    const answer = this.#host.callSync<{ listenerId: number; port: number } | number>({
      type: 'listen',
      address: { family: 'tcp', host, port },
      exclusive: true,
      queue,
    });
    if (typeof answer === 'number') return toGuestResult(answer);
    this.local = { address: host, port: answer.port };
    const ready = this.#host.openPipe(memory);
    this.#listening = {
      id: answer.listenerId,
      ready,
      memories: new Map(queue.connections.entries()),
      nextId: queue.connections.length,
    };
    listeners.set(answer.listenerId, this.#listening);
    return 0;
  }

  listen(): number {
    const bound = this.#listening ? 0 : this.bind('0.0.0.0', 0);
    this.#isAccepting = bound === 0;
    return bound;
  }

  /** A connected socket, or a negative errno. */
  accept(): OpenedSocket | number {
    const listening = this.#listening;
    if (!listening || !this.#isAccepting) return guest.EINVAL;
    const record = new Uint8Array(ACCEPT_RECORD_BYTES);
    if (listening.ready.readableBytes < ACCEPT_RECORD_BYTES) return guest.EAGAIN;
    listening.ready.read(record);
    const [id = 0, port = 0] = new Uint32Array(record.buffer);
    const connection = listening.memories.get(id);
    if (connection === undefined) return guest.EINVAL;
    const accepted = new OpenedSocket(this.#host, this.type);
    const local = { address: '127.0.0.1', port: this.local.port };
    accepted.#attach(this.#host.openPipe(connection.receive), this.#host.openPipe(connection.send), local, { address: '127.0.0.1', port });
    this.#supply(listening);
    return accepted;
  }

  connect(host: string, port: number): number {
    if (this.remote) return guest.EISCONN;
    if (this.#listening) this.#unlisten();
    const connection = newConnection();
    const answer = this.#host.callSync<OutgoingConnection | number>({
      type: 'connect',
      address: { family: 'tcp', host, port },
      connection,
    });
    if (typeof answer === 'number') return toGuestResult(answer);
    const far = answer.queued && listeners.get(answer.queued.listenerId)?.memories.get(answer.queued.id);
    const { receive, send } = far ? { receive: far.send, send: far.receive } : connection;
    this.#attach(this.#host.openPipe(receive), this.#host.openPipe(send), answer.local, answer.remote);
    return 0;
  }

  read(into: Uint8Array): number {
    if (this.#receive === null) return this.remote ? 0 : guest.ENOTCONN;
    if (this.#peeked.length > 0) {
      const count = Math.min(into.length, this.#peeked.length);
      into.set(this.#peeked.subarray(0, count));
      this.#peeked = this.#peeked.slice(count);
      return count;
    }
    const count = this.#receive.read(into);
    return count === EAGAIN ? guest.EAGAIN : count;
  }

  /** Reads and leaves what was read. */
  peek(into: Uint8Array): number {
    if (this.#peeked.length === 0) {
      const chunk = new Uint8Array(PEEK_BYTES);
      const count = this.read(chunk);
      if (count <= 0) return count;
      this.#peeked = chunk.slice(0, count);
    }
    const count = Math.min(into.length, this.#peeked.length);
    into.set(this.#peeked.subarray(0, count));
    return count;
  }

  write(from: Uint8Array): number {
    if (this.#send === null) return this.remote ? guest.EPIPE : guest.ENOTCONN;
    const count = this.#send.write(from);
    return count === EAGAIN ? guest.EAGAIN : count === EPIPE ? guest.EPIPE : count;
  }

  /** `SHUT_RD` 0, `SHUT_WR` 1, `SHUT_RDWR` 2. */
  shutdown(how: number): number {
    if (!this.remote) return guest.ENOTCONN;
    if (how !== 1) this.#closeReceive();
    if (how !== 0) this.#closeSend();
    return 0;
  }

  get isReadable(): boolean {
    if (this.#isAccepting) return (this.#listening?.ready.readableBytes ?? 0) >= ACCEPT_RECORD_BYTES;
    return this.#peeked.length > 0 || (this.#receive ? this.#receive.isReadable : this.remote !== null);
  }

  get isWritable(): boolean {
    if (this.#listening) return false;
    return this.#send ? this.#send.writableBytes > 0 || !this.#send.hasReaders : this.remote !== null;
  }

  get isHungUp(): boolean {
    if (this.#listening) return false;
    const noMore = this.#receive === null || (!this.#receive.hasWriters && this.#receive.readableBytes === 0);
    return noMore && (this.#send === null || !this.#send.hasReaders);
  }

  watch(isInterested: boolean): void {
    this.#listening?.ready.watch('read', isInterested);
    this.#receive?.watch('read', isInterested);
    this.#send?.watch('write', isInterested);
  }

  retain(): void {
    this.#descriptors++;
  }

  release(): void {
    if (--this.#descriptors > 0) return;
    this.#closeReceive();
    this.#closeSend();
    if (this.#listening) this.#unlisten();
  }

  stat(out: Stat): number {
    return fillStreamStat(out, this.mode);
  }

  #attach(receive: Pipe, send: Pipe, local: Endpoint, remote: Endpoint): void {
    this.#receive = receive;
    this.#send = send;
    this.local = local;
    this.remote = remote;
  }

  #makeQueue() {
    const memory = this.#host.createPipe();
    // The kernel writes; our own write end would hide that it closed.
    this.#host.openPipe(memory).release('write');
    return { memory, queue: { ready: memory, connections: Array.from({ length: QUEUE_LENGTH }, newConnection) } };
  }

  /** One was used: gives the kernel another. */
  #supply(listening: Listening): void {
    const connection = newConnection();
    listening.memories.set(listening.nextId++, connection);
    void this.#host.call({ type: 'supply-connection', listenerId: listening.id, connection });
  }

  #unlisten(): void {
    const listening = this.#listening;
    if (!listening) return;
    this.#listening = null;
    listeners.delete(listening.id);
    listening.ready.release('read');
    void this.#host.call({ type: 'unlisten', listenerId: listening.id });
  }

  #closeReceive(): void {
    this.#receive?.release('read');
    this.#receive = null;
    this.#peeked = new Uint8Array();
  }

  #closeSend(): void {
    this.#send?.release('write');
    this.#send = null;
  }
}

/** Of this process, by the kernel's number. */
const listeners = new Map<number, Listening>();

function newConnection(): Connection {
  return { receive: Pipe.create(SOCKET_BYTES), send: Pipe.create(SOCKET_BYTES) };
}
