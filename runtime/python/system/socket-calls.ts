// Socket system calls over the workspace's loopback. Python worker.
import type { Stream, SystemCalls } from '../emscripten.ts';
import { guest } from './errno.ts';
import type { Guest } from './guest.ts';
import { OpenedSocket } from './opened-socket.ts';
import { transfer } from './operations.ts';

const AF_INET = 2;
const AF_INET6 = 10;
const SOCK_STREAM = 1;
const SOCK_DGRAM = 2;
const SOCK_NONBLOCK = 0o4000;
const MSG_PEEK = 2;
const MSG_DONTWAIT = 0x40;
const O_RDWR = 2;
const SOL_SOCKET = 1;
const SO_ERROR = 4;
const SO_TYPE = 3;
const SO_ACCEPTCONN = 30;
const LOOPBACK = /^(?:127\.|0\.0\.0\.0$|::1$)/;
const ENETUNREACH = -40;

type SocketCall = (socket: OpenedSocket, stream: Stream, ...args: number[]) => number;

export class SocketCalls {
  readonly #system: Guest;

  constructor(system: Guest) {
    this.#system = system;
  }

  calls(): SystemCalls {
    const { memory } = this.#system;
    return {
      __syscall_socket: ((family: number, type: number) => this.#socket(family, type)) as never,
      __syscall_bind: this.#on((socket, _, pointer = 0) => {
        const address = memory.address(pointer);
        this.#system.touch();
        return address ? socket.bind(address.host, address.port) : guest.EAFNOSUPPORT;
      }),
      __syscall_listen: this.#on((socket) => socket.listen()),
      __syscall_accept4: this.#on((socket, stream, address = 0, length = 0, flags = 0) =>
        this.#accept(socket, stream, address, length, flags),
      ),
      __syscall_connect: this.#on((socket, _, pointer = 0) => this.#connect(socket, pointer)),
      __syscall_getsockname: this.#on((socket, _, address = 0, length = 0) => {
        memory.setAddress(address, length, socket.local.address === '::1' ? '127.0.0.1' : socket.local.address, socket.local.port);
        return 0;
      }),
      __syscall_getpeername: this.#on((socket, _, address = 0, length = 0) => {
        if (!socket.remote) return guest.ENOTCONN;
        memory.setAddress(address, length, socket.remote.address, socket.remote.port);
        return 0;
      }),
      __syscall_getsockopt: this.#on((socket, _, level = 0, name = 0, value = 0, length = 0) => {
        memory.setInt(value, this.#option(socket, level, name));
        if (length !== 0) memory.setInt(length, 4);
        return 0;
      }),
      __syscall_recvfrom: this.#on((_, stream, buffer = 0, size = 0, flags = 0, address = 0, length = 0) => {
        const count = this.#receive(stream, memory.range(buffer, size), flags);
        if (count >= 0 && address !== 0) memory.setAddress(address, length, '127.0.0.1', 0);
        return count;
      }),
      __syscall_sendto: this.#on((_, stream, buffer = 0, size = 0, flags = 0) => this.#send(stream, memory.range(buffer, size), flags)),
      __syscall_recvmsg: this.#on((_, stream, message = 0, flags = 0) => {
        const [pointer = 0, size = 0] = this.#vectors(message)[0] ?? [];
        return this.#receive(stream, memory.range(pointer, size), flags);
      }),
      __syscall_sendmsg: this.#on((_, stream, message = 0, flags = 0) => {
        const parts = this.#vectors(message).map(([pointer, size]) => memory.range(pointer, size));
        const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
        let at = 0;
        for (const part of parts) {
          bytes.set(part, at);
          at += part.length;
        }
        return this.#send(stream, bytes, flags);
      }),
      _try_shutdown: ((fd: number, how: number, result: number) => {
        const opened = this.#system.stream(fd)?.opened;
        memory.setInt(result, opened instanceof OpenedSocket ? opened.shutdown(how) : guest.ENOTSOCK);
        return 1;
      }) as never,
    };
  }

  /** Two descriptors of connected sockets. */
  pair(): [number, number] {
    const [first, second] = OpenedSocket.pair(this.#system.host, SOCK_STREAM);
    return [this.#system.open(first, O_RDWR).fd ?? -1, this.#system.open(second, O_RDWR).fd ?? -1];
  }

  setOption(fd: number, level: number, name: number, value: number): void {
    const opened = this.#system.stream(fd)?.opened;
    if (opened instanceof OpenedSocket) opened.options.set(`${level}:${name}`, value);
  }

  /** A call whose first argument is a socket's descriptor; what is thrown as an Emscripten error becomes its result. */
  #on(work: SocketCall): (fd: number, ...args: number[]) => number {
    return (fd, ...args) => {
      const stream = this.#system.stream(fd);
      if (stream === null) return guest.EBADF;
      if (!(stream.opened instanceof OpenedSocket)) return guest.ENOTSOCK;
      try {
        return work(stream.opened, stream, ...args);
      } catch (error) {
        if (error instanceof this.#system.fs.ErrnoError) return -(error as Error & { errno: number }).errno;
        throw error;
      }
    };
  }

  #socket(family: number, type: number): number {
    const kind = type & 0xf;
    if ((family !== AF_INET && family !== AF_INET6) || (kind !== SOCK_STREAM && kind !== SOCK_DGRAM)) return guest.EAFNOSUPPORT;
    const flags = O_RDWR | (type & SOCK_NONBLOCK ? SOCK_NONBLOCK : 0);
    return this.#system.open(new OpenedSocket(this.#system.host, kind), flags).fd ?? guest.EBADF;
  }

  #accept(socket: OpenedSocket, stream: Stream, address: number, length: number, flags: number): number {
    let accepted: OpenedSocket | number = socket.accept();
    if (accepted === guest.EAGAIN && !this.#system.isNonBlocking(stream)) {
      socket.watch(true);
      try {
        accepted = this.#system.wait(() => {
          const next = socket.accept();
          return next === guest.EAGAIN ? undefined : next;
        });
      } finally {
        socket.watch(false);
      }
    }
    if (typeof accepted === 'number') return accepted;
    if (accepted.remote) this.#system.memory.setAddress(address, length, accepted.remote.address, accepted.remote.port);
    return this.#system.open(accepted, O_RDWR | (flags & SOCK_NONBLOCK)).fd ?? guest.EBADF;
  }

  #connect(socket: OpenedSocket, pointer: number): number {
    this.#system.touch();
    const address = this.#system.memory.address(pointer);
    if (address === null) return guest.EAFNOSUPPORT;
    // A datagram socket that "connects" only asks which of its own addresses would be used.
    if (socket.type === SOCK_DGRAM) {
      socket.local = { address: '127.0.0.1', port: 49152 };
      return 0;
    }
    if (!LOOPBACK.test(address.host)) return ENETUNREACH;
    return socket.connect(address.host, address.port);
  }

  #option(socket: OpenedSocket, level: number, name: number): number {
    if (level === SOL_SOCKET && name === SO_ERROR) return 0;
    if (level === SOL_SOCKET && name === SO_TYPE) return socket.type;
    if (level === SOL_SOCKET && name === SO_ACCEPTCONN) return socket.isListening ? 1 : 0;
    return socket.options.get(`${level}:${name}`) ?? 0;
  }

  #receive(stream: Stream, into: Uint8Array, flags: number): number {
    const attempt = (opened: { read(into: Uint8Array, position: number): number }): number =>
      flags & MSG_PEEK ? (opened as OpenedSocket).peek(into) : opened.read(into, 0);
    if (flags & MSG_DONTWAIT) return attempt(stream.opened as OpenedSocket);
    return transfer(this.#system, stream, attempt);
  }

  #send(stream: Stream, bytes: Uint8Array, flags: number): number {
    if (bytes.length === 0) return 0;
    if (flags & MSG_DONTWAIT) return (stream.opened as OpenedSocket).write(bytes);
    return transfer(this.#system, stream, (opened) => opened.write(bytes, 0));
  }

  /** The `iovec` list of a `msghdr`. */
  #vectors(message: number): [number, number][] {
    const { memory } = this.#system;
    const [list, count] = [memory.int(message + 8), memory.int(message + 12)];
    return Array.from({ length: count }, (_, index) => [memory.int(list + index * 8), memory.int(list + index * 8 + 4)]);
  }
}
