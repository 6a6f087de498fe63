// What the fs binding's functions share: paths, descriptors, and the three ways a result reaches JavaScript. Process worker.
import type { FileSystem } from '../../../fs/file-system.ts';
import type { BindingObject, Descriptor, Realm } from '../../realm.ts';
import { EBADF } from '../stream-base/errno.ts';
import { activeRequests } from '../stream-base/handle-wrap.ts';

/** A path as Node's library passes it: a string, or the bytes of one. */
export type PathArgument = string | Uint8Array;

const MAX_DESCRIPTOR = 2_147_483_647;
const decoder = new TextDecoder();

export class FsContext {
  readonly realm: Realm;
  readonly binding: BindingObject;

  constructor(realm: Realm, binding: BindingObject) {
    this.realm = realm;
    this.binding = binding;
  }

  get fs(): FileSystem {
    return this.realm.host.fs;
  }

  /** Installs `name`: runs `body`, then answers by return value, `FSReqCallback` or promise as argument `requestIndex` says. */
  define(name: string, requestIndex: number, body: (...args: never[]) => unknown): void {
    const run = body as (...args: unknown[]) => unknown;
    this.binding[name] = (...args: unknown[]): unknown => {
      const request = args[requestIndex];
      return request === undefined ? run(...args) : this.complete(request, () => run(...args));
    };
  }

  /** Runs `body` now and delivers its outcome in a later turn: the operation is memory access, only the order is asynchronous. */
  complete(request: unknown, body: () => unknown): Promise<unknown> | undefined {
    let error: unknown = null;
    let value: unknown;
    try {
      value = body();
    } catch (thrown) {
      // A wrong argument is thrown, not reported.
      if (thrown instanceof TypeError || thrown instanceof RangeError) throw thrown;
      error = thrown;
    }
    return this.deliver(request, error, value);
  }

  deliver(request: unknown, error: unknown, value: unknown): Promise<unknown> | undefined {
    if (request === this.binding['kUsePromises']) return this.#settleLater(error, value);
    const { loop } = this.realm;
    const active = activeRequests(this.realm);
    active.add(request as object);
    loop.ref();
    loop.enqueue(() => {
      loop.unref();
      active.delete(request as object);
      const { oncomplete } = request as { oncomplete: unknown };
      const args = error !== null ? [error] : value === undefined ? [null] : [null, value];
      this.realm.makeCallback(request as object, oncomplete, ...args);
    });
    return undefined;
  }

  /** Absolute, as the file system wants it. Dots stay: symlinks decide what `..` means. */
  pathOf(path: PathArgument): string {
    const text = textOf(path);
    if (text === '' || text.startsWith('/')) return text;
    return this.realm.cwd === '/' ? `/${text}` : `${this.realm.cwd}/${text}`;
  }

  descriptor(fd: number, syscall: string): Descriptor {
    this.checkDescriptor(fd);
    const descriptor = this.realm.descriptors.get(fd);
    if (descriptor === undefined) throw this.realm.uvException(EBADF, syscall);
    return descriptor;
  }

  /** Node's native code checks descriptors, with the errors of its library. */
  checkDescriptor(fd: unknown): void {
    if (typeof fd === 'number' && Number.isInteger(fd) && fd >= 0 && fd <= MAX_DESCRIPTOR) return;
    const { ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE } = this.realm.requireBuiltin('internal/errors')['codes'];
    if (typeof fd !== 'number') throw new ERR_INVALID_ARG_TYPE('fd', 'number', fd);
    throw new ERR_OUT_OF_RANGE('fd', Number.isInteger(fd) ? `>= 0 && <= ${MAX_DESCRIPTOR}` : 'an integer', fd);
  }

  /** Modes of `access` and `copyFile`, as Node's native code checks them. */
  checkMode(mode: unknown, most: number): void {
    const { ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE } = this.realm.requireBuiltin('internal/errors')['codes'];
    if (mode === undefined || mode === null) return;
    if (typeof mode !== 'number') throw new ERR_INVALID_ARG_TYPE('mode', 'integer', mode);
    if (!Number.isInteger(mode)) throw new ERR_OUT_OF_RANGE('mode', 'an integer', mode);
    if (mode < 0 || mode > most) throw new ERR_OUT_OF_RANGE('mode', `>= 0 && <= ${most}`, mode);
  }

  /** The result itself, or an exception where it is a negative errno. */
  check<T>(result: T, syscall: string, path?: PathArgument, dest?: PathArgument): Exclude<T, never> {
    if (typeof result !== 'number' || result >= 0) return result;
    throw this.realm.uvException(
      result,
      syscall,
      path === undefined ? undefined : textOf(path),
      dest === undefined ? undefined : textOf(dest),
    );
  }

  /** Mode bits of a new file or folder after the process's umask. */
  masked(mode: number): number {
    const umask = this.realm.internalBinding('process_methods')['umask'](undefined) as number;
    return mode & 0o7777 & ~umask;
  }

  #settleLater(error: unknown, value: unknown): Promise<unknown> {
    const { loop } = this.realm;
    loop.ref();
    return new Promise((resolve, reject) => {
      loop.enqueue(() => {
        loop.unref();
        if (error === null) resolve(value);
        else reject(error);
      });
    });
  }
}

export function textOf(path: PathArgument): string {
  return typeof path === 'string' ? path : decoder.decode(path);
}

/** A position as native code reads it: whatever is no whole number means "where the descriptor is". */
export function positionOf(position: unknown): number {
  return typeof position === 'bigint' || Number.isSafeInteger(position) ? Number(position) : -1;
}
