// Values into messages and back: structured clone plus ports and the objects that Node's library marks as cloneable or
// transferable (`messaging_clone_symbol`...). Runs in the process worker.
import type { Realm } from '../../realm.ts';
import { isShareable } from './native-handles.ts';
import { createPort, NodeMessagePort } from './message-port.ts';
import type { Message, PortData } from './port-data.ts';
import { NodeObject, PortReference } from './sealed-objects.ts';
import { cloneValue } from './structured-clone.ts';
import { type LinkDescriptor, type LinkHost, ThreadLink } from './thread-link.ts';

interface NodeTransferable {
  readonly data: unknown;
  readonly deserializeInfo: string;
}

type Symbols = Readonly<
  Record<'messaging_clone_symbol' | 'messaging_transfer_symbol' | 'messaging_transfer_list_symbol' | 'messaging_deserialize_symbol', symbol>
>;

const TRANSFERABLE = 1;
const CLONEABLE = 2;

export class Transport implements LinkHost {
  /** Makes an empty object of Node's library from `module:Constructor`; set by `setDeserializerCreateObjectFunction`. */
  createObject: ((info: string) => Record<symbol, unknown>) | null = null;
  readonly #realm: Realm;

  constructor(realm: Realm) {
    this.#realm = realm;
  }

  get realm(): Realm {
    return this.#realm;
  }

  dataCloneError(message: string): Error {
    const { DOMException } = this.#realm.internalBinding('messaging') as { DOMException: new (message: string, name: string) => Error };
    return new DOMException(message, 'DataCloneError');
  }

  /** Clones for sending; ports and buffers of the list leave the sender. */
  seal(value: unknown, transferList: readonly unknown[], source: NodeMessagePort | null): Message {
    const { buffers, ports, objects } = this.#sortTransfers(transferList, source);
    const sealed = cloneValue(value, buffers, {
      dataCloneError: (message) => this.dataCloneError(message),
      cloneHostObject: (object, clone) => this.#sealObject(object, clone, ports, objects),
    });
    return { value: sealed, ports: [...ports].map((port) => NodeMessagePort.detach(port)) };
  }

  /** Another copy of a sealed message, for the next receiver of a broadcast. */
  copy(message: Message): Message {
    const value = cloneValue(message.value, new Set(), {
      dataCloneError: (text) => this.dataCloneError(text),
      cloneHostObject: (object) => (object instanceof NodeObject || isShareable(object) ? object : undefined),
    });
    return { value, ports: [] };
  }

  /** Makes the ports and objects of a message; `value` is the receiver's from now on. */
  open(message: Message): { value: unknown; ports: object[] } {
    const ports = message.ports.map((data) => this.adopt(data));
    return { value: new Opening(ports, (object, data) => this.deserialize(object, data)).open(message.value), ports };
  }

  adopt(data: PortData): NodeMessagePort {
    return createPort({ realm: this.#realm, data, transport: this, isPair: true });
  }

  /** An end that came from another thread. */
  adoptLink(descriptor: LinkDescriptor): NodeMessagePort {
    return this.adopt(ThreadLink.adopt(this, descriptor));
  }

  deserialize({ deserializeInfo }: NodeObject, data: unknown): unknown {
    const object = this.createObject?.(deserializeInfo);
    if (object === undefined) throw this.dataCloneError(`Unknown deserialize spec ${deserializeInfo}`);
    (object[this.#symbols.messaging_deserialize_symbol] as (data: unknown) => void)(data);
    return object;
  }

  get #symbols(): Symbols {
    return this.#realm.internalBinding('symbols') as unknown as Symbols;
  }

  #sortTransfers(transferList: readonly unknown[], source: NodeMessagePort | null) {
    const buffers = new Set<ArrayBuffer>();
    const ports = new Set<NodeMessagePort>();
    const objects = new Set<object>();
    const untransferable = this.#realm.privateSymbol('untransferable_object_private_symbol');
    const items = [...transferList];
    // Grows: what an object transfers with itself comes after it.
    for (const item of items) {
      if (typeof item === 'object' && item !== null && (item as Record<symbol, unknown>)[untransferable] === true)
        throw this.dataCloneError('An ArrayBuffer is marked as untransferable and could not be transferred.');
      if (item instanceof ArrayBuffer) {
        if (buffers.has(item)) throw this.dataCloneError('Transfer list contains duplicate ArrayBuffer');
        buffers.add(item);
      } else if (NodeMessagePort.isPort(item)) {
        this.#checkPort(item, ports, source);
        ports.add(item);
      } else if (typeof item === 'object' && item !== null && isShareable(item)) {
        // Goes along by itself.
      } else if (typeof item === 'object' && item !== null && (this.#modeOf(item) & TRANSFERABLE) !== 0) {
        if (!objects.has(item)) items.push(...this.#nestedIn(item));
        objects.add(item);
      } else {
        throw this.dataCloneError('Found invalid value in transferList.');
      }
    }
    return { buffers, ports, objects };
  }

  #nestedIn(object: object): unknown[] {
    const list = (object as Record<symbol, unknown>)[this.#symbols.messaging_transfer_list_symbol];
    return typeof list === 'function' ? (list.call(object) as unknown[]) : [];
  }

  #checkPort(port: NodeMessagePort, seen: ReadonlySet<NodeMessagePort>, source: NodeMessagePort | null): void {
    if (port === source) throw this.dataCloneError('Transfer list contains source port');
    if (seen.has(port)) throw this.dataCloneError('Transfer list contains duplicate MessagePort');
    if (NodeMessagePort.dataOf(port) === null) throw this.dataCloneError('MessagePort in transfer list is already detached');
  }

  #sealObject(
    object: object,
    clone: (value: unknown) => unknown,
    ports: ReadonlySet<NodeMessagePort>,
    listed: ReadonlySet<object>,
  ): unknown {
    if (isShareable(object)) return object;
    if (NodeMessagePort.isPort(object)) return this.#portReference([...ports].indexOf(object));
    const mode = this.#modeOf(object);
    if (mode === undefined) return undefined;
    const { messaging_clone_symbol: cloneKey, messaging_transfer_symbol: transferKey } = this.#symbols;
    const key = listed.has(object) ? transferKey : (mode & CLONEABLE) !== 0 ? cloneKey : null;
    const method = key === null ? undefined : (object as Record<symbol, unknown>)[key];
    if (typeof method !== 'function') throw this.#refusal(object, mode);
    const parts = method.call(object) as NodeTransferable;
    return new NodeObject(parts.deserializeInfo, clone(parts.data));
  }

  #portReference(index: number): PortReference {
    if (index < 0) throw this.dataCloneError('Object that needs transfer was found in message but not listed in transferList');
    return new PortReference(index);
  }

  #refusal(object: object, mode: number): Error {
    if ((mode & TRANSFERABLE) !== 0)
      return this.dataCloneError('Object that needs transfer was found in message but not listed in transferList');
    return this.dataCloneError(`#<${object.constructor.name}> could not be cloned.`);
  }

  /** Undefined for ordinary objects. */
  #modeOf(object: object): number {
    return (object as Record<symbol, number>)[this.#realm.privateSymbol('transfer_mode_private_symbol')] as number;
  }
}

/** Replaces the placeholders of one message in place. */
class Opening {
  readonly #made = new Map<NodeObject, unknown>();
  readonly #seen = new Set<object>();
  readonly #ports: readonly object[];

  readonly #deserialize: (object: NodeObject, data: unknown) => unknown;

  constructor(ports: readonly object[], deserialize: (object: NodeObject, data: unknown) => unknown) {
    this.#ports = ports;
    this.#deserialize = deserialize;
  }

  open = (value: unknown): unknown => {
    if (typeof value !== 'object' || value === null) return value;
    if (value instanceof PortReference) return this.#ports[value.index];
    if (value instanceof NodeObject) return this.#makeOnce(value);
    if (this.#seen.has(value) || ArrayBuffer.isView(value) || isShareable(value)) return value;
    this.#seen.add(value);
    if (value instanceof Map) this.#openMap(value);
    else if (value instanceof Set) this.#openSet(value);
    else this.#openMembers(value as Record<string, unknown>);
    return value;
  };

  #makeOnce(object: NodeObject): unknown {
    if (!this.#made.has(object)) this.#made.set(object, this.#deserialize(object, this.open(object.data)));
    return this.#made.get(object);
  }

  #openMap(map: Map<unknown, unknown>): void {
    const entries = [...map];
    map.clear();
    for (const [key, entry] of entries) map.set(this.open(key), this.open(entry));
  }

  #openSet(set: Set<unknown>): void {
    const entries = [...set];
    set.clear();
    for (const entry of entries) set.add(this.open(entry));
  }

  #openMembers(object: Record<string, unknown>): void {
    for (const key of Object.keys(object)) {
      const member = object[key];
      const opened = this.open(member);
      if (opened !== member) object[key] = opened;
    }
  }
}
