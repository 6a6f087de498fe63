// Which ports the box's programs listen on, from the kernel's socket table, and connections to them. Runs in the agent.
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import type { LinkStream, StreamEvents } from '#protocol';

const POLL_MS = 250;
const LISTENING = '0A';

export class Ports {
  readonly #hidden: ReadonlySet<number>;
  readonly #listeners = new Set<(ports: readonly number[]) => void>();
  #ports: readonly number[] = [];
  #timer: NodeJS.Timeout | null = null;

  /** `hidden`: the agent's own listeners. */
  constructor(hidden: readonly number[]) {
    this.#hidden = new Set(hidden);
  }

  /** Polls only while somebody wants to know. */
  watch(listener: (ports: readonly number[]) => void): () => void {
    this.#listeners.add(listener);
    this.#timer ??= setInterval(() => this.#poll(), POLL_MS);
    this.#poll();
    listener(this.#ports);
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size > 0 || !this.#timer) return;
      clearInterval(this.#timer);
      this.#timer = null;
    };
  }

  #poll(): void {
    const ports = listeningPorts().filter((port) => !this.#hidden.has(port));
    if (ports.join() === this.#ports.join()) return;
    this.#ports = ports;
    for (const listener of this.#listeners) listener(ports);
  }
}

function listeningPorts(): number[] {
  const ports = new Set<number>();
  for (const table of ['/proc/net/tcp', '/proc/net/tcp6']) {
    for (const line of readTable(table).split('\n').slice(1)) {
      const [, local = '', , state] = line.trim().split(/\s+/);
      if (state === LISTENING) ports.add(Number.parseInt(local.slice(local.indexOf(':') + 1), 16));
    }
  }
  return [...ports].sort((a, b) => a - b);
}

function readTable(table: string): string {
  try {
    return readFileSync(table, 'utf8');
  } catch {
    return ''; // no IPv6 in this box
  }
}

/** Joins a stream to a port of the loopback: IPv4 first, then IPv6, since programs listen on either. */
export function connectPort(port: number, stream: LinkStream): StreamEvents {
  let socket: Socket = open('127.0.0.1');
  let hasConnected = false;
  const early: Uint8Array[] = [];
  let hasEnded = false;
  function open(host: string): Socket {
    const opened = connect({ port, host, noDelay: true, allowHalfOpen: true });
    opened.on('connect', () => {
      hasConnected = true;
      for (const bytes of early.splice(0)) write(bytes);
      if (hasEnded) opened.end();
    });
    opened.on('data', (bytes) => {
      stream.write(bytes);
      if (!stream.canSend) opened.pause();
    });
    opened.on('end', () => stream.end());
    opened.on('error', (error: NodeJS.ErrnoException) => {
      if (!hasConnected && host === '127.0.0.1') socket = open('::1');
      else stream.reset({ reason: error.code ?? error.message });
    });
    return opened;
  }
  const write = (bytes: Uint8Array): void => void socket.write(bytes, () => stream.taken(bytes.length));
  return {
    onData: (bytes) => (hasConnected ? write(bytes) : void early.push(bytes)),
    onEnd: () => {
      hasEnded = true;
      if (hasConnected) socket.end();
    },
    onDrain: () => socket.resume(),
    onReset: () => void socket.destroy(),
  };
}

/** Joins an accepted connection to a stream that the agent opened. */
export function joinSocket(socket: Socket, open: (events: StreamEvents) => LinkStream): void {
  const stream: LinkStream = open({
    onData: (bytes) => void socket.write(bytes, () => stream.taken(bytes.length)),
    onEnd: () => void socket.end(),
    onDrain: () => void socket.resume(),
    onReset: () => void socket.destroy(),
  });
  socket.on('data', (bytes) => {
    stream.write(bytes);
    if (!stream.canSend) socket.pause();
  });
  socket.on('end', () => stream.end());
  socket.on('error', () => stream.reset());
}
