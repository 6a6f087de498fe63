// The way from a message port to its other end in another thread: bytes through a pipe in shared memory, so that a blocked
// thread can still receive; what bytes cannot carry comes over a browser port, in order. Runs in the process worker.
import type { Connection } from '#protocol';
import { EAGAIN, type Pipe } from '../../../kernel/ipc/pipe.ts';
import type { Realm } from '../../realm.ts';
import { type Pollable, pollerOf } from '../stream-base/poller.ts';
import { decode, encode } from './packets.ts';
import { type Message, PortData, type RemoteEnd } from './port-data.ts';

/** Larger messages wait for the reader in pieces. */
export const LINK_BYTES = 256 * 1024;
const HEADER_BYTES = 4;
/** Lengths that mean something else. */
const COMES_BY_PORT = 0xffff_ffff;
const CLOSES = 0xffff_fffe;

/** Everything another thread needs to take over an end. Crosses by `postMessage`; `companion` is transferred. */
export interface LinkDescriptor {
  readonly connection: Connection;
  readonly companion: MessagePort;
  /** The slot that holds the pipe ends until the new owner takes them. */
  readonly holder: number;
  readonly queued: readonly Packet[];
  readonly isEnded: boolean;
}

interface Packet {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly shared: readonly object[];
  readonly ports: readonly LinkDescriptor[];
}

export interface LinkHost {
  readonly realm: Realm;
  dataCloneError(message: string): Error;
}

const links = new WeakMap<Realm, Set<ThreadLink>>();

/** Writes out what links still have to say; blocks while a reader is slow. For the last moment of a process. */
export function flushLinks(realm: Realm): void {
  for (const link of links.get(realm) ?? []) link.flushBlocking();
}

export class ThreadLink implements RemoteEnd {
  readonly #host: LinkHost;
  readonly #data: PortData;
  readonly #connection: Connection;
  readonly #companion: MessagePort;
  readonly #receive: Pipe;
  readonly #send: Pipe;
  readonly #reader: Pollable;
  readonly #writer: Pollable;
  readonly #outgoing: Uint8Array[] = [];
  readonly #arrived: Packet[] = [];
  #awaitedByPort = 0;
  #header = new Uint8Array(HEADER_BYTES);
  #body: Uint8Array<ArrayBuffer> | null = null;
  #filled = 0;
  #isOpen = true;

  constructor(host: LinkHost, data: PortData, { connection, companion }: Pick<LinkDescriptor, 'connection' | 'companion'>) {
    this.#host = host;
    this.#data = data;
    this.#connection = connection;
    this.#companion = companion;
    const { realm } = host;
    this.#receive = realm.host.openPipe(connection.receive);
    this.#send = realm.host.openPipe(connection.send);
    const [receive, send] = [this.#receive, this.#send];
    this.#reader = {
      get isReady() {
        return receive.isReadable;
      },
      poll: () => this.pull(),
    };
    const hasOutgoing = (): boolean => this.#outgoing.length > 0;
    this.#writer = {
      get isReady() {
        return hasOutgoing() && (send.writableBytes > 0 || !send.hasReaders);
      },
      poll: () => this.#flush(),
    };
    receive.watch('read', true);
    pollerOf(realm).add(this.#reader);
    companion.onmessage = ({ data: packet }: MessageEvent<Packet>) => {
      this.#arrived.push(packet);
      this.pull();
    };
    let known = links.get(realm);
    if (known === undefined) links.set(realm, (known = new Set()));
    known.add(this);
  }

  /** Takes over an end that came from another thread. */
  static adopt(host: LinkHost, descriptor: LinkDescriptor): PortData {
    const { connection, holder } = descriptor;
    host.realm.host.takeConnection(connection, holder);
    const data = PortData.single();
    const link = new ThreadLink(host, data, descriptor);
    data.linkTo(link);
    for (const packet of descriptor.queued) link.#deliver(packet);
    if (descriptor.isEnded) link.#end();
    return data;
  }

  /** Makes the end that `data` is fit for another thread; what it leaves behind here goes on over a link. */
  static export(host: LinkHost, data: PortData): LinkDescriptor {
    const { messages, isEnded } = data.takeAll();
    const queued = messages.map((message) => ThreadLink.#pack(host, message));
    const { remote } = data;
    if (remote instanceof ThreadLink) return { ...remote.#letGo(), queued, isEnded };
    const { ours, theirs } = host.realm.host.createConnection(LINK_BYTES);
    const { port1, port2 } = new host.realm.primitives.MessageChannel();
    const [peer] = data.others;
    if (peer instanceof PortData) peer.linkTo(new ThreadLink(host, peer, { connection: ours, companion: port1 }));
    return { connection: theirs, companion: port2, holder: host.realm.host.slots.self, queued, isEnded };
  }

  static #pack(host: LinkHost, { value, ports }: Message): Packet {
    const { bytes, shared } = encode(value, (message) => host.dataCloneError(message));
    return { bytes, shared, ports: ports.map((port) => ThreadLink.export(host, port)) };
  }

  deliver(message: Message): void {
    if (!this.#isOpen) return;
    const packet = ThreadLink.#pack(this.#host, message);
    if (packet.shared.length === 0 && packet.ports.length === 0) return this.#write(packet.bytes.length, packet.bytes);
    this.#companion.postMessage(packet, transferables(packet));
    this.#write(COMES_BY_PORT);
  }

  peerClosed(): void {
    if (!this.#isOpen) return;
    this.#write(CLOSES);
    if (this.#outgoing.length === 0) this.#close();
    else this.#isOpen = false;
  }

  pull(): void {
    while (this.#isOpen && this.#awaitedByPort <= this.#arrived.length) {
      for (; this.#awaitedByPort > 0; this.#awaitedByPort--) this.#deliver(this.#arrived.shift() as Packet);
      if (!this.#readFrame()) return;
    }
  }

  /** Blocks until the pipe has taken everything or nobody reads. */
  flushBlocking(): void {
    for (const bytes of this.#outgoing.splice(0)) this.#send.writeAll(bytes);
  }

  /** False when nothing more is there. */
  #readFrame(): boolean {
    const target = this.#body ?? this.#header;
    if (this.#filled < target.length) {
      const count = this.#receive.read(target.subarray(this.#filled));
      if (count === EAGAIN) return false;
      if (count <= 0) {
        this.#end();
        return false;
      }
      this.#filled += count;
      if (this.#filled < target.length) return true;
    }
    this.#filled = 0;
    if (this.#body !== null) {
      const bytes = this.#body;
      this.#body = null;
      this.#deliver({ bytes, shared: [], ports: [] });
      return true;
    }
    const length = new DataView(this.#header.buffer).getUint32(0, true);
    if (length === COMES_BY_PORT) this.#awaitedByPort++;
    else if (length === CLOSES) this.#end();
    else this.#body = new Uint8Array(length);
    return true;
  }

  #deliver(packet: Packet): void {
    this.#data.deliver({ value: decode(packet), ports: packet.ports.map((port) => ThreadLink.adopt(this.#host, port)) });
  }

  #write(length: number, bytes?: Uint8Array): void {
    const frame = new Uint8Array(HEADER_BYTES + (bytes?.length ?? 0));
    new DataView(frame.buffer).setUint32(0, length, true);
    if (bytes !== undefined) frame.set(bytes, HEADER_BYTES);
    this.#outgoing.push(frame);
    if (this.#outgoing.length === 1) this.#flush();
  }

  #flush(): void {
    const wasWaiting = this.#isWaiting;
    for (let first = this.#outgoing[0]; first !== undefined; first = this.#outgoing[0]) {
      const count = this.#send.write(first);
      if (count === EAGAIN) break;
      if (count < 0) this.#outgoing.length = 0;
      else if (count < first.length) this.#outgoing[0] = first.subarray(count);
      else this.#outgoing.shift();
    }
    const isWaiting = this.#outgoing.length > 0;
    this.#isWaiting = isWaiting;
    if (isWaiting === wasWaiting) return;
    const { realm } = this.#host;
    this.#send.watch('write', isWaiting);
    if (isWaiting) {
      realm.loop.ref();
      pollerOf(realm).add(this.#writer);
      return;
    }
    realm.loop.unref();
    pollerOf(realm).remove(this.#writer);
    if (!this.#isOpen) this.#close();
  }

  #isWaiting = false;

  #end(): void {
    if (!this.#isOpen) return;
    this.#data.peerClosed();
    this.#close();
  }

  #stop(): void {
    this.#isOpen = false;
    const { realm } = this.#host;
    pollerOf(realm).remove(this.#reader);
    this.#receive.watch('read', false);
    links.get(realm)?.delete(this);
  }

  #close(): void {
    this.#stop();
    this.#companion.onmessage = null;
    this.#receive.release('read');
    this.#send.release('write');
  }

  /** Stops serving this end without a word: another thread goes on with it. */
  #letGo(): Pick<LinkDescriptor, 'connection' | 'companion' | 'holder'> {
    this.#stop();
    this.#companion.onmessage = null;
    this.flushBlocking();
    return { connection: this.#connection, companion: this.#companion, holder: this.#host.realm.host.slots.self };
  }
}

function transferables(packet: Packet): Transferable[] {
  return packet.ports.flatMap((port) => [port.companion, ...port.queued.flatMap(transferables)]);
}
