// The `pipe_wrap` binding: unix sockets of the workspace, stdio pipes and IPC channels. Runs in the process worker.
import type { IncomingConnection, OutgoingConnection } from '#protocol';
import { openStreamEnds } from '../descriptors.ts';
import type { BindingFactory, Realm } from '../realm.ts';
import { EACCES, EADDRINUSE, EBADF, ECANCELED, ECONNREFUSED, EINVAL, ENOENT } from './stream-base/errno.ts';
import { completeLater } from './stream-base/handle-wrap.ts';
import { networkOf } from './stream-base/network.ts';
import { StreamHandle } from './stream-base/stream-handle.ts';

const NO_BYTES = new Uint8Array(0);
const ENOTSUP = -95;
/** What fits a `sockaddr_un`. */
const LONGEST_PATH = 107;
const READABLE = 1;
const WRITABLE = 2;
/** What connecting to a socket needs of its entry. */
const WRITE_ACCESS = 2;
const SOCKET_FILE_MODE = 0o755;

export class PipeHandle extends StreamHandle {
  #fd = -1;
  #path: string | null = null;
  #listenerId: number | null = null;
  declare onconnection?: (status: number, client?: PipeHandle) => void;

  /** IPC channels ask for a handle to go along: it cannot, and says so. */
  override writeUtf8String(request: object, text: string, handle?: object): number {
    if (handle === undefined || handle === null) return super.writeUtf8String(request, text);
    this.realm.host.reportUnsupported('child_process: sending a handle');
    return ENOTSUP;
  }

  override get fd(): number {
    return this.#fd;
  }

  /** Adopts an inherited stream. Output to stdout and stderr is synchronous, as Node on Linux has it. */
  open(fd: number): number {
    const descriptor = this.realm.descriptors.get(fd);
    if (descriptor === undefined) return EBADF;
    if (descriptor.kind !== 'stream') return EINVAL;
    this.#fd = fd;
    this.attach(openStreamEnds(this.realm.host, descriptor.stdioIndex), fd === 1 || fd === 2);
    return 0;
  }

  bind(path: string): number {
    if (this.#path !== null) return EINVAL;
    if (path.length > LONGEST_PATH) return EINVAL;
    const absolute = this.realm.resolvePath(path);
    if (!isAbstract(path)) {
      const { fs } = this.realm.host;
      if (fs.access(absolute, 0) === 0) return EADDRINUSE;
      // The entry stands for the socket, so that programs that look for it or unlink it find it.
      const result = fs.writeFile(absolute, NO_BYTES, SOCKET_FILE_MODE);
      if (result < 0) return result;
    }
    this.#path = isAbstract(path) ? path : absolute;
    return 0;
  }

  listen(): number {
    if (this.#path === null) return EINVAL;
    const answer = networkOf(this.realm).listen({ family: 'unix', path: this.#path }, (incoming) => this.#accept(incoming));
    if (typeof answer === 'number') return answer;
    this.#listenerId = answer.listenerId;
    this.setActive(true);
    return 0;
  }

  connect(request: object, path: string): number {
    if (path.length > LONGEST_PATH) {
      completeLater(this.realm, request, EINVAL, this, request, false, false);
      return 0;
    }
    const absolute = isAbstract(path) ? path : this.realm.resolvePath(path);
    if (!isAbstract(path) && this.realm.host.fs.access(absolute, WRITE_ACCESS) === EACCES) {
      completeLater(this.realm, request, EACCES, this, request, false, false);
      return 0;
    }
    networkOf(this.realm).connect({ family: 'unix', path: absolute }, (answer) => this.#connected(request, absolute, answer));
    return 0;
  }

  /** Who may connect: libuv's readable and writable bits become everybody's on the socket's entry. */
  fchmod(mode: number): number {
    if (this.#path === null || isAbstract(this.#path)) return 0;
    const everybody = ((mode & READABLE) !== 0 ? 0o444 : 0) | ((mode & WRITABLE) !== 0 ? 0o222 : 0);
    return this.realm.host.fs.chmod(this.#path, SOCKET_FILE_MODE | everybody);
  }

  protected override onClosing(): void {
    if (this.#listenerId !== null) networkOf(this.realm).unlisten(this.#listenerId);
    if (this.#path !== null && !isAbstract(this.#path)) this.realm.host.fs.unlink(this.#path);
    this.#listenerId = this.#path = null;
    if (this.#fd >= 0) this.realm.descriptors.remove(this.#fd);
    super.onClosing();
  }

  #accept(incoming: IncomingConnection): void {
    const client = newPipe(this.realm);
    client.attach(networkOf(this.realm).open(incoming.connection));
    this.realm.makeCallback(this, this.onconnection, 0, client);
  }

  #connected(request: object, path: string, answer: OutgoingConnection | number): void {
    const { realm } = this;
    const { oncomplete } = request as { oncomplete: unknown };
    if (typeof answer === 'number') {
      const isMissing = answer === ECONNREFUSED && !isAbstract(path) && realm.host.fs.access(path, 0) === ENOENT;
      realm.makeCallback(request, oncomplete, isMissing ? ENOENT : answer, this, request, false, false);
    } else if (this.isShutDown) {
      networkOf(realm).refuse(answer.connection);
      realm.makeCallback(request, oncomplete, ECANCELED, this, request, false, false);
    } else {
      this.attach(networkOf(realm).open(answer.connection));
      realm.makeCallback(request, oncomplete, 0, this, request, true, true);
    }
  }
}

/** Linux's abstract socket names start with a zero byte and have no file. */
function isAbstract(path: string): boolean {
  return path.startsWith('\0');
}

function newPipe(realm: Realm): PipeHandle {
  return new (realm.internalBinding('pipe_wrap')['Pipe'] as new (type: number) => PipeHandle)(0);
}

export const pipe: BindingFactory = (realm, binding) => {
  binding['Pipe'] = class extends PipeHandle {
    static override readonly name = 'Pipe';
    constructor(_type: number) {
      super(realm);
    }
  };
};
