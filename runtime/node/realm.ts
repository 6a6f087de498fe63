// What a binding sees of the Node process it belongs to. Implemented by runtime/node/boot.ts; one realm per process worker.
import type { ProcessHost } from '../process/host.ts';
import type { AsyncContext } from './async-context.ts';

/** A binding object or constructor as Node's library sees it: untyped on purpose, its shape comes from the pinned Node. */
// oxlint-disable-next-line no-explicit-any
export type BindingObject = Record<string, any>;

/** Node's event loop as the bindings use it; see runtime/node/loop.ts. */
export interface EventLoop {
  /** Counts a pending request (an fs promise, a connect): the process stays alive until `unref` is called. */
  ref(): void;
  unref(): void;
  /** Registers a handle that keeps the process alive while it is active and referenced. */
  addHandle(handle: LoopHandle): void;
  removeHandle(handle: LoopHandle): void;
  /** Queues `task` as one event-loop turn (one browser macrotask); ticks and microtasks run after it. */
  enqueue(task: () => void): void;
  /** Keeps the process alive until the native promise settles. */
  track<T>(promise: Promise<T>): Promise<T>;
}

export interface LoopHandle {
  readonly isActive: boolean;
  readonly isReferenced: boolean;
  /** The native object that it belongs to. */
  readonly owner?: object;
}

/** Browser primitives, captured before Node's globals replace them. */
export interface Primitives {
  readonly setTimeout: typeof setTimeout;
  readonly clearTimeout: typeof clearTimeout;
  readonly MessageChannel: typeof MessageChannel;
  readonly MessagePort: typeof MessagePort;
  readonly performance: Performance;
  readonly crypto: Crypto;
  readonly fetch: typeof fetch;
  readonly XMLHttpRequest: typeof XMLHttpRequest;
  readonly TextEncoder: typeof TextEncoder;
  readonly TextDecoder: typeof TextDecoder;
  readonly URL: typeof URL;
  readonly structuredClone: typeof structuredClone;
  readonly Blob: typeof Blob;
  readonly BroadcastChannel: typeof BroadcastChannel;
  readonly postMessage: typeof postMessage;
  readonly DecompressionStream: typeof DecompressionStream;
  readonly CompressionStream: typeof CompressionStream;
}

export interface Realm {
  readonly host: ProcessHost;
  readonly loop: EventLoop;
  readonly primitives: Primitives;
  /** Constants and shapes of the pinned Node's bindings, from the build. */
  readonly shape: {
    readonly version: string;
    readonly versions: Record<string, string>;
    readonly bindings: Record<string, unknown>;
    readonly errmap: ReadonlyArray<readonly [number, readonly [string, string]]>;
  };
  readonly globalThis: typeof globalThis;
  readonly asyncContext: AsyncContext;
  /** The `process` object; exists from bootstrap on. */
  readonly process: BindingObject;
  /** Live working directory; `process.chdir` moves it. */
  cwd: string;
  readonly internalBinding: (name: string) => BindingObject;
  /** Requires a module of Node's library by id (`internal/util`); exists after bootstrap. */
  readonly requireBuiltin: (id: string) => BindingObject;
  /** A private symbol of the pinned Node by its name (`arrow_message_private_symbol`). */
  readonly privateSymbol: (name: string) => symbol;
  /** Resolves a path of the program against {@link cwd}. */
  resolvePath(path: string): string;
  /** Calls back into JavaScript from the loop: restores the async context, runs `fn`, then ticks; errors go to the fatal handler. */
  makeCallback(resource: object, fn: unknown, ...args: unknown[]): unknown;
  /** Gives a native object its async id and tells async_hooks about it. */
  newAsyncId(resource: object, provider: string): number;
  /** An error as libuv's bindings make it: code, errno, syscall, path, dest and Node's message. `errno` is negative. */
  uvException(errno: number, syscall: string, path?: string, dest?: string): Error;
  /** The open file description behind a file descriptor of this process, with what else it may be. */
  readonly descriptors: DescriptorTable;
}

/** What a file descriptor number stands for. */
export type Descriptor =
  | { readonly kind: 'file'; readonly handle: number }
  | { readonly kind: 'stream'; readonly stdioIndex: number }
  | { readonly kind: 'null' };

export interface DescriptorTable {
  get(fd: number): Descriptor | undefined;
  /** Lowest free number, as POSIX wants. */
  add(descriptor: Descriptor): number;
  remove(fd: number): Descriptor | undefined;
}

/** Fills or replaces members of a skeleton binding that the build made from the shape. One per file in `bindings/`. */
export type BindingFactory = (realm: Realm, binding: BindingObject) => void;
