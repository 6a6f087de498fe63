// Who receives datagrams where on the virtual loopback: UDP of one workspace. Kernel worker; pure bookkeeping.
import type { Datagram, DatagramAddress } from '#protocol';

const EADDRINUSE = -98;
const EADDRNOTAVAIL = -99;
const EPHEMERAL_START = 32768;
const EPHEMERAL_END = 60999;
const ANY: Readonly<Record<4 | 6, string>> = { 4: '0.0.0.0', 6: '::' };
const LOOPBACK: Readonly<Record<4 | 6, string>> = { 4: '127.0.0.1', 6: '::1' };

interface Socket {
  readonly id: number;
  readonly pid: number;
  readonly address: DatagramAddress;
  readonly isShared: boolean;
  readonly groups: Set<string>;
  readonly deliver: (datagram: Datagram) => void;
}

export class DatagramTable {
  readonly #sockets = new Map<number, Socket>();
  #nextId = 1;
  #nextEphemeral = EPHEMERAL_START;

  /** The socket's id and port, or a negative errno. Port 0 takes a free one. */
  bind(
    pid: number,
    wanted: DatagramAddress,
    isShared: boolean,
    deliver: (datagram: Datagram) => void,
  ): { socketId: number; port: number } | number {
    if (!isLocal(wanted)) return EADDRNOTAVAIL;
    const address = wanted.port === 0 ? { ...wanted, port: this.#freePort(wanted.family) } : wanted;
    for (const other of this.#sockets.values()) {
      if (overlap(other.address, address) && !(other.isShared && isShared)) return EADDRINUSE;
    }
    const id = this.#nextId++;
    this.#sockets.set(id, { id, pid, address, isShared, groups: new Set(), deliver });
    return { socketId: id, port: address.port };
  }

  close(socketId: number): void {
    this.#sockets.delete(socketId);
  }

  closeAll(pid: number): void {
    for (const socket of [...this.#sockets.values()]) if (socket.pid === pid) this.#sockets.delete(socket.id);
  }

  join(socketId: number, group: string, isMember: boolean): number {
    const groups = this.#sockets.get(socketId)?.groups;
    if (groups === undefined) return EADDRNOTAVAIL;
    if (groups.has(group) === isMember) return isMember ? EADDRINUSE : EADDRNOTAVAIL;
    if (isMember) groups.add(group);
    else groups.delete(group);
    return 0;
  }

  /** Returns how many heard it. Programs do not learn it, as on a network; only a resolver does, as by an ICMP message. */
  send(socketId: number, to: DatagramAddress, bytes: Uint8Array): number {
    const from = this.#sockets.get(socketId)?.address;
    if (from === undefined) return 0;
    const source = { ...from, host: from.host === ANY[from.family] ? LOOPBACK[to.family] : from.host };
    const isForAll = isMulticast(to) || isBroadcast(to);
    const receivers = [...this.#sockets.values()].filter((socket) => hears(socket, to));
    // Of several that share an address, the last to come gets what is meant for one.
    for (const socket of isForAll ? receivers : receivers.slice(-1)) socket.deliver({ socketId: socket.id, from: source, bytes });
    return receivers.length;
  }

  #freePort(family: 4 | 6): number {
    for (;;) {
      const port = this.#nextEphemeral++;
      if (this.#nextEphemeral > EPHEMERAL_END) this.#nextEphemeral = EPHEMERAL_START;
      if (![...this.#sockets.values()].some(({ address }) => address.port === port && address.family === family)) return port;
    }
  }
}

function hears({ address, groups }: Socket, to: DatagramAddress): boolean {
  if (address.port !== to.port) return false;
  if (isMulticast(to)) return groups.has(to.host);
  // An IPv6 socket on the wildcard address hears IPv4, too.
  if (address.family !== to.family) return address.family === 6 && address.host === ANY[6] && !address.isIPv6Only;
  return isBroadcast(to) || address.host === to.host || address.host === ANY[address.family] || to.host === ANY[to.family];
}

function overlap(a: DatagramAddress, b: DatagramAddress): boolean {
  if (a.port !== b.port || a.family !== b.family) return false;
  return a.host === b.host || a.host === ANY[a.family] || b.host === ANY[b.family];
}

function isLocal({ family, host }: DatagramAddress): boolean {
  return host === ANY[family] || (family === 4 ? host.startsWith('127.') : host === '::1') || isMulticast({ family, host, port: 0 });
}

function isMulticast({ family, host }: DatagramAddress): boolean {
  const first = Number.parseInt(host, 10);
  return family === 4 ? first >= 224 && first < 240 : host.toLowerCase().startsWith('ff');
}

function isBroadcast({ family, host }: DatagramAddress): boolean {
  return family === 4 && host === '255.255.255.255';
}
