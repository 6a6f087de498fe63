// The structured clone algorithm (HTML, section 2.7) with Node's own transferable and cloneable objects. Pure: what
// Node adds is handed in. Messages stay inside one agent cluster, so memory can be moved and shared directly.

import { typeChecks } from '../types.ts';

export interface CloneHost {
  /** A DataCloneError as Node's library makes it. */
  dataCloneError(message: string): Error;
  /** The copy of an object that Node defines (a port, a Blob, a key); `undefined` where it is an ordinary object. */
  cloneHostObject(value: object, clone: (value: unknown) => unknown): unknown;
}

type TypedArrayConstructor = new (buffer: ArrayBufferLike, offset: number, length: number) => ArrayBufferView;

const ERROR_TYPES = { EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError } as const;

/** Objects without a clone besides functions: their state cannot be read. */
const UNCLONEABLE = [Promise, WeakMap, WeakSet, WeakRef, FinalizationRegistry] as const;

/** Copies `value`; array buffers in `transferred` end up detached. Nothing is detached when copying fails. */
export function cloneValue(value: unknown, transferred: ReadonlySet<ArrayBuffer>, host: CloneHost): unknown {
  for (const buffer of transferred) {
    if (buffer.detached) throw host.dataCloneError('Cannot transfer object of unsupported type.');
  }
  const copy = new Cloner(host).clone(value);
  // A copy of the bytes is the price for leaving the sender's memory alone until everything was read.
  for (const buffer of transferred) buffer.transfer(0);
  return copy;
}

class Cloner {
  readonly #host: CloneHost;
  readonly #copies = new Map<object, unknown>();

  constructor(host: CloneHost) {
    this.#host = host;
  }

  clone = (value: unknown): unknown => {
    switch (typeof value) {
      case 'function':
        throw this.#refuse(Function.prototype.toString.call(value));
      case 'symbol':
        throw this.#refuse(value.toString());
      case 'object':
        return value === null ? null : this.#cloneObject(value);
      default:
        return value;
    }
  };

  #cloneObject(value: object): unknown {
    const known = this.#copies.get(value);
    if (known !== undefined) return known;
    const hosted = this.#host.cloneHostObject(value, this.clone);
    if (hosted !== undefined) return this.#remember(value, hosted);
    if (Array.isArray(value)) return this.#copyEntries(value, this.#remember(value, Array.from({ length: value.length })));
    // Not `instanceof`: Node's own collections have no prototype chain to the language's.
    if (typeChecks['isMap']?.(value) === true) return this.#cloneMap(value as Map<unknown, unknown>);
    if (typeChecks['isSet']?.(value) === true) return this.#cloneSet(value as Set<unknown>);
    if (value instanceof Error) return this.#cloneError(value);
    return this.#cloneLeaf(value) ?? this.#clonePlain(value);
  }

  #remember<T>(original: object, copy: T): T {
    this.#copies.set(original, copy);
    return copy;
  }

  #copyEntries<T extends object>(from: object, to: T): T {
    for (const key of Object.keys(from)) {
      const copy = this.clone((from as Record<string, unknown>)[key]);
      Object.defineProperty(to, key, { value: copy, writable: true, enumerable: true, configurable: true });
    }
    return to;
  }

  #cloneMap(value: Map<unknown, unknown>): Map<unknown, unknown> {
    const copy = this.#remember(value, new Map<unknown, unknown>());
    for (const [key, entry] of [...Map.prototype.entries.call(value)]) copy.set(this.clone(key), this.clone(entry));
    return copy;
  }

  #cloneSet(value: Set<unknown>): Set<unknown> {
    const copy = this.#remember(value, new Set<unknown>());
    for (const entry of [...Set.prototype.values.call(value)]) copy.add(this.clone(entry));
    return copy;
  }

  #cloneError(value: Error): Error {
    const type = Object.hasOwn(ERROR_TYPES, value.name) ? ERROR_TYPES[value.name as keyof typeof ERROR_TYPES] : Error;
    const copy = this.#remember(value, new type());
    delete copy.stack;
    const define = (key: string, member: unknown): void => {
      Object.defineProperty(copy, key, { value: member, writable: true, enumerable: false, configurable: true });
    };
    if (Object.hasOwn(value, 'message')) define('message', String(value.message));
    if (typeof value.stack === 'string') define('stack', value.stack);
    if (Object.hasOwn(value, 'cause')) define('cause', this.clone(value.cause));
    return copy;
  }

  /** Values without members of their own to visit. */
  #cloneLeaf(value: object): unknown {
    if (value instanceof Date) return this.#remember(value, new Date(value.getTime()));
    if (value instanceof RegExp) return this.#remember(value, new RegExp(value.source, value.flags));
    // oxlint-disable-next-line unicorn/no-instanceof-builtins -- boxed values of this realm
    if (value instanceof Number || value instanceof String || value instanceof Boolean || value instanceof BigInt) {
      return this.#remember(value, Object(value.valueOf()) as object);
    }
    if (value instanceof ArrayBuffer) return this.#remember(value, this.#copyMemory(value));
    if (ArrayBuffer.isView(value)) return this.#cloneView(value);
    if (value instanceof SharedArrayBuffer || value instanceof WebAssembly.Module) return value;
    if (value instanceof WebAssembly.Memory && value.buffer instanceof SharedArrayBuffer) return value;
    return undefined;
  }

  #copyMemory(memory: ArrayBuffer): ArrayBuffer {
    if (memory.detached) throw this.#host.dataCloneError('An ArrayBuffer is detached and could not be cloned.');
    if (!memory.resizable) return memory.slice(0);
    const copy = new ArrayBuffer(memory.byteLength, { maxByteLength: memory.maxByteLength });
    new Uint8Array(copy).set(new Uint8Array(memory));
    return copy;
  }

  /** Buffers lose their class: a message carries the plain typed array. */
  #cloneView(view: ArrayBufferView): ArrayBufferView {
    const { byteOffset, byteLength } = view;
    const length = view instanceof DataView ? byteLength : (view as Uint8Array).length;
    const buffer = this.clone(view.buffer) as ArrayBufferLike;
    const name = view instanceof DataView ? 'DataView' : ((view as Uint8Array)[Symbol.toStringTag] as string);
    const type = (globalThis as unknown as Record<string, TypedArrayConstructor>)[name] as TypedArrayConstructor;
    return this.#remember(view, new type(buffer, byteOffset, length));
  }

  #clonePlain(value: object): object {
    const tag = Object.prototype.toString.call(value);
    const isOpaque = UNCLONEABLE.some((type) => value instanceof type) || value instanceof WebAssembly.Memory;
    if (isOpaque) throw this.#refuse(`#<${value.constructor.name}>`);
    if (tag === '[object Generator]' || tag === '[object AsyncGenerator]') throw this.#refuse(tag);
    if (tag === '[object Arguments]') throw this.#refuse('#<Object>');
    return this.#copyEntries(value, this.#remember(value, {}));
  }

  #refuse(description: string): Error {
    return this.#host.dataCloneError(`${description} could not be cloned.`);
  }
}
