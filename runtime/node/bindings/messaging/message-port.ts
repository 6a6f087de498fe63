// Node's MessagePort object over a PortData. Node's library swaps the prototype's parent for its event target, so
// everything here lives in private fields and own methods. Runs in the process worker.
import type { BindingObject, Realm } from '../../realm.ts';
import { nodeError } from '../buffer/node-error.ts';
import type { Message, PortData } from './port-data.ts';
import type { Transport } from './transport.ts';

/** Shared with Node's `internal/event_target`. */
const HYBRID_DISPATCH = Symbol.for('nodejs.internal.kHybridDispatch');
const RECEIVING_PORTS = Symbol.for('nodejs.internal.kCurrentlyReceivingPorts');

export interface PortParts {
  readonly realm: Realm;
  readonly data: PortData;
  readonly transport: Transport;
  readonly isPair: boolean;
}

let pendingParts: PortParts | null = null;

/** The only way to make a port: its constructor is closed to programs. */
export function createPort(parts: PortParts): NodeMessagePort {
  pendingParts = parts;
  return new NodeMessagePort();
}

export class NodeMessagePort {
  static readonly name = 'MessagePort';
  readonly #realm: Realm;
  readonly #transport: Transport;
  readonly #isPair: boolean;
  readonly #handle = { isActive: true, isReferenced: true, owner: this };
  #data: PortData | null;
  #isReceiving = false;
  #isScheduled = false;

  constructor() {
    if (pendingParts === null) throw nodeError(TypeError, 'ERR_CONSTRUCT_CALL_INVALID', 'Constructor cannot be called');
    const { realm, data, transport, isPair } = pendingParts;
    pendingParts = null;
    this.#realm = realm;
    this.#transport = transport;
    this.#isPair = isPair;
    this.#data = data;
    data.owner = { onArrival: () => this.#schedule() };
    realm.loop.addHandle(this.#handle);
    realm.newAsyncId(this, 'MESSAGEPORT');
    const { oninit } = realm.internalBinding('symbols') as { oninit: symbol };
    const init = (this as unknown as Record<symbol, unknown>)[oninit];
    if (typeof init === 'function') init.call(this);
    if (!data.isEmpty) this.#schedule();
  }

  static dataOf(port: object): PortData | null {
    return #data in port ? port.#data : null;
  }

  static isPort(value: unknown): value is NodeMessagePort {
    return typeof value === 'object' && value !== null && #data in value;
  }

  /** Takes the queue away for a transfer: this object is dead from now on. */
  static detach(port: NodeMessagePort): PortData {
    const data = port.#data;
    if (data === null) throw port.#transport.dataCloneError('MessagePort in transfer list is already detached');
    data.owner = null;
    port.#data = null;
    port.#end();
    return data;
  }

  static stop(port: NodeMessagePort): void {
    port.#isReceiving = false;
  }

  /** Reads one message now; `undefined` where there is none. */
  static receive(port: NodeMessagePort): Message | undefined {
    const message = port.#data?.take();
    if (message === undefined && port.#data?.isAtEnd === true) port.close();
    return message;
  }

  /** Emits everything that is queued, inside the current turn. */
  static drain(port: NodeMessagePort): void {
    for (let message = NodeMessagePort.receive(port); message !== undefined; message = NodeMessagePort.receive(port)) port.#emit(message);
  }

  postMessage(...args: unknown[]): boolean | undefined {
    if (args.length === 0) throw nodeError(TypeError, 'ERR_MISSING_ARGS', 'Not enough arguments to MessagePort.postMessage');
    const [value, options] = args;
    const message = this.#transport.seal(value, transferListOf(options), this);
    if (this.#data === null) return undefined;
    for (const other of this.#data.others) other.deliver(this.#isPair ? message : this.#transport.copy(message));
    return true;
  }

  start(): void {
    if (this.#data === null) return;
    this.#isReceiving = true;
    if (!this.#data.isEmpty) this.#schedule();
  }

  close(callback?: unknown): void {
    if (this.#data === null) return;
    this.#data.close(this.#isPair);
    this.#data = null;
    this.#end(callback);
  }

  ref(): void {
    this.#handle.isReferenced = true;
  }

  unref(): void {
    this.#handle.isReferenced = false;
    // The loop looks again at whether anything keeps the process alive.
    this.#realm.loop.enqueue(() => {});
  }

  hasRef(): boolean {
    return this.#handle.isActive && this.#handle.isReferenced;
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    this.#realm.loop.enqueue(() => {
      this.#isScheduled = false;
      this.#deliverOne();
    });
  }

  /** One message per turn, so that ticks and microtasks run between two. */
  #deliverOne(): void {
    const data = this.#data;
    if (data === null) return;
    if (data.isAtEnd) return this.close();
    if (!this.#isReceiving) return;
    const message = data.take();
    if (message === undefined) return;
    if (!data.isEmpty) this.#schedule();
    this.#realm.makeCallback(this, () => this.#emit(message));
  }

  #emit(message: Message): void {
    const target = this as unknown as BindingObject & Record<symbol, unknown>;
    const { value, ports } = this.#transport.open(message);
    target[RECEIVING_PORTS] = ports;
    try {
      (target[HYBRID_DISPATCH] as (data: unknown, type: string, event: undefined) => void).call(target, value, 'message', undefined);
    } finally {
      target[RECEIVING_PORTS] = undefined;
    }
  }

  #end(callback?: unknown): void {
    const { loop } = this.#realm;
    const { handle_onclose: onCloseKey } = this.#realm.internalBinding('symbols') as { handle_onclose: symbol };
    loop.ref();
    loop.enqueue(() => {
      loop.unref();
      this.#handle.isActive = false;
      loop.removeHandle(this.#handle);
      const onClosed = typeof callback === 'function' ? callback : (this as unknown as Record<symbol, unknown>)[onCloseKey];
      if (typeof onClosed === 'function') this.#realm.makeCallback(this, onClosed);
    });
  }
}

/** `postMessage(value, list)` or `postMessage(value, { transfer: list })`. */
function transferListOf(options: unknown): unknown[] {
  if (options === undefined || options === null) return [];
  if (typeof options !== 'object') throw notIterable('transferList');
  if (isIterable(options)) return listOf(options, 'transferList');
  const { transfer } = options as { transfer?: unknown };
  if (transfer === undefined) return [];
  if (typeof transfer === 'object' && transfer !== null && isIterable(transfer)) return listOf(transfer, 'options.transfer');
  throw notIterable('options.transfer');
}

/** Iterates by hand: what is no iterator is a wrong argument, not an error of the language. */
function listOf(iterable: Iterable<unknown>, name: string): unknown[] {
  const iterator: Partial<Iterator<unknown>> | null = iterable[Symbol.iterator]();
  if (typeof iterator !== 'object' || iterator === null || typeof iterator.next !== 'function') throw notIterable(name);
  const items: unknown[] = [];
  for (;;) {
    const step: IteratorResult<unknown> | null = iterator.next();
    if (typeof step !== 'object' || step === null) throw notIterable(name);
    if (step.done === true) return items;
    items.push(step.value);
  }
}

function notIterable(name: string): Error {
  return nodeError(TypeError, 'ERR_INVALID_ARG_TYPE', `Optional ${name} argument must be an iterable`);
}

function isIterable(value: object): value is Iterable<unknown> {
  return typeof (value as Partial<Iterable<unknown>>)[Symbol.iterator] === 'function';
}
