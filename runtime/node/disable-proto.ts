// `--disable-proto`: takes `Object.prototype.__proto__` away, or makes every use of it an error. Process worker.
import { nodeError } from './bindings/buffer/node-error.ts';
import type { OptionValue } from './library.ts';

export function restrictPrototypeAccess({ Object }: Pick<typeof globalThis, 'Object'>, mode: OptionValue | undefined): void {
  if (mode !== 'delete' && mode !== 'throw') return;
  Reflect.deleteProperty(Object.prototype, '__proto__');
  if (mode === 'delete') return;
  const refuse = (): never => {
    const message = 'Accessing Object.prototype.__proto__ has been disallowed with --disable-proto=throw';
    throw nodeError(Error, 'ERR_PROTO_ACCESS', message);
  };
  Object.defineProperty(Object.prototype, '__proto__', { get: refuse, set: refuse, enumerable: false, configurable: true });
}
