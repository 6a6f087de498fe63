// What every native-backed object of Node shares: an async id, and for handles a place in the event loop. Process worker.
import type { LoopHandle, Realm } from '../../realm.ts';

/** Where the provider's name is not the class's in capitals. */
const PROVIDERS: Readonly<Record<string, string>> = {
  TCP: 'TCPWRAP',
  Pipe: 'PIPEWRAP',
  TTY: 'TTYWRAP',
  UDP: 'UDPWRAP',
  SendWrap: 'UDPSENDWRAP',
  Process: 'PROCESSWRAP',
  Signal: 'SIGNALWRAP',
  FSEvent: 'FSEVENTWRAP',
  ChannelWrap: 'DNSCHANNEL',
  QueryReqWrap: 'QUERYWRAP',
  HTTPParser: 'HTTPINCOMINGMESSAGE',
};
const RESOURCE_NAMES: Readonly<Record<string, string>> = {
  TCP: 'TCPSocketWrap',
  Pipe: 'PipeWrap',
  TTY: 'TTYWrap',
  UDP: 'UDPWrap',
  Process: 'ProcessWrap',
  Signal: 'SignalWrap',
  FSEvent: 'FSEventWrap',
};

const NO_ASYNC_ID = -1;

export class AsyncWrap {
  readonly #realm: Realm;
  #asyncId: number;
  #frame: unknown;

  constructor(realm: Realm) {
    this.#realm = realm;
    this.#frame = realm.asyncContext.frame;
    this.#asyncId = realm.newAsyncId(this, this.#provider);
  }

  /** Node's name for this kind of resource, as async_hooks shows it. */
  get #provider(): string {
    const { name } = this.constructor;
    return PROVIDERS[name] ?? name.toUpperCase();
  }

  /** The name in `process.getActiveResourcesInfo()`. */
  get resourceName(): string {
    const { name } = this.constructor;
    return RESOURCE_NAMES[name] ?? name;
  }

  /** The async context in which callbacks of `resource` run: the one it was made in. */
  static frameOf(resource: object): unknown {
    return #frame in resource ? resource.#frame : undefined;
  }

  protected get realm(): Realm {
    return this.#realm;
  }

  getAsyncId(): number {
    return this.#asyncId;
  }

  asyncReset(): void {
    this.emitDestroy();
    this.#asyncId = this.#realm.newAsyncId(this, this.#provider);
    this.#frame = this.#realm.asyncContext.frame;
  }

  /** Tells async_hooks that the resource is gone. */
  emitDestroy(): void {
    if (this.#asyncId < 0) return;
    this.#realm.internalBinding('async_wrap')['queueDestroyAsyncId'](this.#asyncId);
    this.#asyncId = NO_ASYNC_ID;
  }

  getProviderType(): number {
    return 0;
  }
}

/** A handle keeps the process alive while it is active and referenced; closing is asynchronous, as in libuv. */
export class HandleWrap extends AsyncWrap {
  readonly #loopHandle: { isActive: boolean; isReferenced: boolean; owner: object };
  #isClosing = false;

  constructor(realm: Realm) {
    super(realm);
    this.#loopHandle = { isActive: false, isReferenced: true, owner: this };
    realm.loop.addHandle(this.#loopHandle satisfies LoopHandle);
  }

  /** Closed, or about to be. Not `isClosing`: Node's library puts a function of that name on some handles. */
  get isShutDown(): boolean {
    return this.#isClosing;
  }

  ref(): void {
    this.#loopHandle.isReferenced = true;
  }

  unref(): void {
    this.#loopHandle.isReferenced = false;
    // The loop looks again at whether anything keeps the process alive.
    this.realm.loop.enqueue(() => {});
  }

  hasRef(): boolean {
    return this.#loopHandle.isReferenced && !this.#isClosing;
  }

  close(callback?: unknown): void {
    if (this.#isClosing) return;
    this.#isClosing = true;
    this.onClosing();
    const { realm } = this;
    const { handle_onclose: onCloseKey } = realm.internalBinding('symbols') as { handle_onclose: symbol };
    const self = this as unknown as Record<symbol, unknown>;
    if (typeof callback === 'function') self[onCloseKey] = callback;
    this.#loopHandle.isActive = true;
    this.#loopHandle.isReferenced = true;
    realm.loop.enqueue(() => {
      this.#loopHandle.isActive = false;
      realm.loop.removeHandle(this.#loopHandle);
      const onClosed = self[onCloseKey];
      if (typeof onClosed === 'function') realm.makeCallback(this, onClosed);
      this.emitDestroy();
    });
  }

  /** Releases what stands behind the handle; runs once, inside `close`. */
  protected onClosing(): void {}

  protected setActive(isActive: boolean): void {
    if (this.#isClosing) return;
    const changed = this.#loopHandle.isActive !== isActive;
    this.#loopHandle.isActive = isActive;
    if (changed && !isActive) this.realm.loop.enqueue(() => {});
  }
}

/** Calls `request.oncomplete` in a later turn of the loop and keeps the process alive until then. */
export function completeLater(realm: Realm, request: object, ...args: unknown[]): void {
  realm.loop.ref();
  const active = activeRequests(realm);
  active.add(request);
  realm.loop.enqueue(() => {
    realm.loop.unref();
    active.delete(request);
    realm.makeCallback(request, (request as { oncomplete?: unknown }).oncomplete, ...args);
    if (request instanceof AsyncWrap) request.emitDestroy();
  });
}

const requests = new WeakMap<Realm, Set<object>>();

/** Requests that wait for an answer, for `process.getActiveResourcesInfo()`. */
export function activeRequests(realm: Realm): Set<object> {
  let known = requests.get(realm);
  if (known === undefined) requests.set(realm, (known = new Set()));
  return known;
}
