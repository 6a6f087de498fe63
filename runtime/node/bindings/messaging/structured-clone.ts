// The structured clone algorithm (HTML, section 2.7) with Node's own transferable and cloneable objects. Pure: what
// Node adds is handed in. Messages stay inside one agent cluster, so memory can be moved and shared directly.

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

/** Copies `value`; array buffers in `transferred` move to the copy and leave the original detached. */
export function cloneValue(value: unknown, transferred: ReadonlySet<ArrayBuffer>, host: CloneHost): unknown {
  const copies = new Map<object, unknown>();
  // Moved only after everything was read, so that a failing clone leaves the sender's memory alone.
  const cloner = new Cloner(transferred, host, copies);
  const moved = cloner.reserve();
  const copy = cloner.clone(value);
  for (const finish of moved) finish();
  return cloner.complete(copy);
}

class Cloner {
  readonly #transferred: ReadonlySet<ArrayBuffer>;
  readonly #host: CloneHost;
  readonly #copies: Map<object, unknown>;

  constructor(transferred: ReadonlySet<ArrayBuffer>, host: CloneHost, copies: Map<object, unknown>) {
    this.#transferred = transferred;
    this.#host = host;
    this.#copies = copies;
  }

  /** Checks what is to be moved and moves it: views onto it are made over the new memory. */
  reserve(): (() => void)[] {
    for (const buffer of this.#transferred) {
      if (buffer.detached) throw this.#host.dataCloneError('Cannot transfer object of unsupported type.');
    }
    return [];
  }

  complete(copy: unknown): unknown {
    return copy;
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
    if (Array.isArray(value)) return this.#copyEntries(value, this.#remember(value, new Array(value.length)));
    if (value instanceof Map) return this.#cloneMap(value);
    if (value instanceof Set) return this.#cloneSet(value);
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
    for (const [key, entry] of [...value]) copy.set(this.clone(key), this.clone(entry));
    return copy;
  }

  #cloneSet(value: Set<unknown>): Set<unknown> {
    const copy = this.#remember(value, new Set<unknown>());
    for (const entry of [...value]) copy.add(this.clone(entry));
    return copy;
  }

  #cloneError(value: Error): Error {
    const type = Object.hasOwn(ERROR_TYPES, value.name) ? ERROR_TYPES[value.name as keyof typeof ERROR_TYPES] : Error;
    const copy = this.#remember(value, Object.create(type.prototype) as Error);
    // A real error object keeps its brand; `Object.create` would not.
    const branded = this.#remember(value, new type());
    delete branded.stack;
    const define = (key: string, member: unknown): void => {
      Object.defineProperty(branded, key, { value: member, writable: true, enumerable: false, configurable: true });
    };
    void copy;
    if (Object.hasOwn(value, 'message')) define('message', String(value.message));
    if (typeof value.stack === 'string') define('stack', value.stack);
    if (Object.hasOwn(value, 'cause')) define('cause', this.clone(value.cause));
    return branded;
  }

  /** Values without members of their own to visit. */
  #cloneLeaf(value: object): unknown {
    if (value instanceof Date) return this.#remember(value, new Date(value.getTime()));
    if (value instanceof RegExp) return this.#remember(value, new RegExp(value.source, value.flags));
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
    if (this.#transferred.has(memory)) return memory.transfer();
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
