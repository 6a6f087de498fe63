// Makes every internal binding from its recorded shape: constants are real, functions refuse by name until a factory in
// bindings/ replaces them. What a program needs and we lack is therefore always a name, never a silent wrong answer.
import type { Description } from './library.ts';
import type { BindingObject, Realm } from './realm.ts';
import { AsyncWrap, HandleWrap } from './bindings/stream-base/handle-wrap.ts';
import { refusal } from './bindings/buffer/node-error.ts';

/** Symbols that Node's native side shares between bindings, by description. */
export class SymbolTable {
  readonly #symbols = new Map<string, symbol>();

  get(description: string): symbol {
    const known = this.#symbols.get(description);
    if (known !== undefined) return known;
    const made = Symbol(description);
    this.#symbols.set(description, made);
    return made;
  }
}

/** A fresh binding object; `undefined` where the pinned Node has no such binding. */
export function makeSkeleton(
  realm: Realm,
  symbols: SymbolTable,
  name: string,
  description: Description | undefined,
): BindingObject | undefined {
  if (description?.t !== 'o') return undefined;
  return new SkeletonMaker(realm, symbols).object(description.v, name);
}

class SkeletonMaker {
  readonly #realm: Realm;
  readonly #symbols: SymbolTable;

  constructor(realm: Realm, symbols: SymbolTable) {
    this.#realm = realm;
    this.#symbols = symbols;
  }

  object(members: Readonly<Record<string, Description>>, path: string): BindingObject {
    // Constants have no prototype, and do not change.
    const isConstant = path === 'constants' || path.startsWith('constants.');
    const made: BindingObject = isConstant ? (Object.create(null) as BindingObject) : {};
    const isWritable = !path.startsWith('constants.');
    for (const [name, description] of Object.entries(members)) {
      const value = this.#value(description, `${path}.${name}`);
      Object.defineProperty(made, name, { value, writable: isWritable, configurable: isWritable, enumerable: true });
    }
    return made;
  }

  #value(description: Description, path: string): unknown {
    switch (description.t) {
      case 'null':
        return null;
      case 'u':
      case 'missing':
        return undefined;
      case 'n':
      case 'v':
        return description.v;
      case 'nn':
        return Number(description.v);
      case 'bi':
        return BigInt(description.v);
      case 'sym':
        return this.#symbols.get(description.v);
      case 'ab':
        return new ArrayBuffer(description.n);
      case 'ta':
        return typedArray(description.c, description.v ?? description.n);
      case 'a':
        return description.v.map((item) => this.#value(item, path));
      case 'm':
        return new Map(description.v.map(([key, item]) => [this.#value(key, path), this.#value(item, path)]));
      case 'o':
        return this.object(description.v, path);
      case 'f':
        return refusal(this.#realm, path);
      case 'c':
        return this.#class(description.members, description.ancestors, path);
      default:
        return description satisfies never;
    }
  }

  #class(members: readonly string[], ancestors: readonly string[], path: string): unknown {
    const realm = this.#realm;
    const Base = ancestors.includes('HandleWrap') ? HandleWrap : ancestors.includes('AsyncWrap') ? AsyncWrap : Object;
    const Made = class extends (Base as new (realm?: Realm) => object) {
      constructor() {
        super(Base === Object ? undefined : realm);
      }
    };
    Object.defineProperty(Made, 'name', { value: lastPart(path) });
    for (const member of members) {
      if (member in Made.prototype) continue;
      Object.defineProperty(Made.prototype, member, { value: refusal(realm, `${path}#${member}`), writable: true, configurable: true });
    }
    return Made;
  }
}

type TypedArrayName = 'Uint8Array' | 'Int32Array' | 'Uint32Array' | 'Float64Array' | 'BigInt64Array' | 'BigUint64Array';

function typedArray(kind: string, source: readonly number[] | number): ArrayBufferView {
  if (kind.startsWith('Big')) {
    const Big = globalThis[kind as 'BigInt64Array'];
    return typeof source === 'number' ? new Big(source) : new Big(source.map((item) => BigInt(Math.trunc(item))));
  }
  const Made = globalThis[kind as Exclude<TypedArrayName, 'BigInt64Array' | 'BigUint64Array'>];
  return typeof source === 'number' ? new Made(source) : new Made(source);
}

function lastPart(path: string): string {
  return path.slice(Math.max(path.lastIndexOf('.'), path.lastIndexOf('#')) + 1);
}
