// The `types` binding: brand checks on real internal slots, never on prototypes. Runs in the process worker.
import { isProxy } from '../proxies.ts';
import type { BindingFactory } from '../realm.ts';

type Check = (value: unknown) => boolean;

/** True when `probe` accepts the value as its `this`: the only way to see an internal slot. */
function branded(probe: (this: never, ...args: never[]) => unknown, ...args: unknown[]): Check {
  const call = probe as (...args: unknown[]) => unknown;
  return (value) => {
    if (!isObject(value) || isProxy(value)) return false;
    try {
      Reflect.apply(call, value, args);
      return true;
    } catch {
      // Not that kind of object.
      return false;
    }
  };
}

export function isObject(value: unknown): value is object {
  return (typeof value === 'object' && value !== null) || typeof value === 'function';
}

function getter(prototype: object, key: string): (this: never) => unknown {
  return Object.getOwnPropertyDescriptor(prototype, key)?.get as (this: never) => unknown;
}

const prototypeOf = (value: unknown): object => Object.getPrototypeOf(value) as object;
const toText = Object.prototype.toString;
const functionText = Function.prototype.toString;
const tag = (value: unknown): string => toText.call(value);

const mapIterator = prototypeOf(new Map().entries());
const setIterator = prototypeOf(new Set().values());
const generatorPrototype = prototypeOf(function* () {}).constructor.prototype as { prototype: object };
const asyncGeneratorPrototype = prototypeOf(async function* () {}).constructor.prototype as { prototype: object };
const asyncPrefix = /^(?:static\s+)?async(?=[\s(*[])/;
const generatorPrefix = /^(?:static\s+)?(?:async\s*)?(?:function\s*)?\*/;
const DOMExceptionOf = globalThis.DOMException;

const isArrayBuffer = branded(getter(ArrayBuffer.prototype, 'byteLength') as never);
const isSharedArrayBuffer = branded(getter(SharedArrayBuffer.prototype, 'byteLength') as never);
const isNumberObject: Check = objectBrand(Number.prototype.valueOf);
const isStringObject: Check = objectBrand(String.prototype.valueOf);
const isBooleanObject: Check = objectBrand(Boolean.prototype.valueOf);
const isBigIntObject: Check = objectBrand(BigInt.prototype.valueOf);
const isSymbolObject: Check = objectBrand(Symbol.prototype.valueOf);
const isWeakRefTarget = {};

function objectBrand(valueOf: unknown): Check {
  const check = branded(valueOf as never);
  return (value) => typeof value === 'object' && check(value);
}

/** Every module namespace made by runtime/node/esm: an ordinary object cannot tell. */
export const moduleNamespaces = new WeakSet<object>();

export const typeChecks: Readonly<Record<string, Check>> = {
  isProxy,
  isExternal: () => false,
  isDate: branded(Date.prototype.getTime as never),
  isRegExp: (value) => value !== RegExp.prototype && branded(getter(RegExp.prototype, 'hasIndices') as never)(value),
  isMap: branded(getter(Map.prototype, 'size') as never),
  isSet: branded(getter(Set.prototype, 'size') as never),
  isWeakMap: branded(WeakMap.prototype.has as never, isWeakRefTarget),
  isWeakSet: branded(WeakSet.prototype.has as never, isWeakRefTarget),
  isMapIterator: (value) => isIterator(value, mapIterator, '[object Map Iterator]'),
  isSetIterator: (value) => isIterator(value, setIterator, '[object Set Iterator]'),
  isArrayBuffer,
  isSharedArrayBuffer,
  isAnyArrayBuffer: (value) => isArrayBuffer(value) || isSharedArrayBuffer(value),
  isDataView: branded(getter(DataView.prototype, 'buffer') as never),
  isNumberObject,
  isStringObject,
  isBooleanObject,
  isBigIntObject,
  isSymbolObject,
  isBoxedPrimitive: (value) =>
    isNumberObject(value) || isStringObject(value) || isBooleanObject(value) || isBigIntObject(value) || isSymbolObject(value),
  // Promises have no slot that can be probed without a side effect: prototype and identity must do.
  isPromise: (value) => isObject(value) && !isProxy(value) && value instanceof Promise && value !== Promise.prototype,
  isNativeError: (value) => isObject(value) && !isProxy(value) && isErrorObject(value),
  isArgumentsObject: (value) => isObject(value) && !(Symbol.toStringTag in value) && tag(value) === '[object Arguments]',
  isAsyncFunction: (value) => typeof value === 'function' && !isProxy(value) && asyncPrefix.test(functionText.call(value)),
  isGeneratorFunction: (value) => typeof value === 'function' && !isProxy(value) && isGeneratorText(functionText.call(value)),
  isGeneratorObject: (value) => isObject(value) && !isProxy(value) && isGenerator(value),
  isModuleNamespaceObject: (value) => isObject(value) && moduleNamespaces.has(value),
};

function isIterator(value: unknown, prototype: object, expected: string): boolean {
  return (
    isObject(value) &&
    !isProxy(value) &&
    value !== prototype &&
    Object.prototype.isPrototypeOf.call(prototype, value) &&
    tag(value) === expected
  );
}

function isGeneratorText(text: string): boolean {
  return generatorPrefix.test(text);
}

function isGenerator(value: object): boolean {
  for (const prototype of [generatorPrototype.prototype, asyncGeneratorPrototype.prototype]) {
    if (value !== prototype && Object.prototype.isPrototypeOf.call(prototype, value) && !Object.hasOwn(value, 'next')) {
      // The prototype of a generator function also inherits from it, without being one.
      return !Object.hasOwn(value, 'constructor') && /^\[object (?:Async)?Generator\]$/.test(tag(value));
    }
  }
  return false;
}

function isErrorObject(value: object): boolean {
  const { isError } = Error as { isError?: (value: unknown) => boolean };
  return (isError?.(value) ?? value instanceof Error) && !(value instanceof DOMExceptionOf);
}

export const types: BindingFactory = (_realm, binding) => {
  Object.assign(binding, typeChecks);
};
