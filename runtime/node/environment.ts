// `process.env`: strings only, as the environment of a real process. Runs in the process worker.

const SYMBOL_MESSAGE = 'Cannot convert a Symbol value to a string';

/** Wraps `values`, which stays the storage. `warnOfType` is told of values that only become strings here. */
export function makeEnvironment(values: Record<string, string>, warnOfType: () => void): Record<string, string> {
  return new Proxy(values, {
    set(target, key, value) {
      if (typeof key === 'symbol' || typeof value === 'symbol') throw new TypeError(SYMBOL_MESSAGE);
      if (!['string', 'number', 'boolean'].includes(typeof value)) warnOfType();
      target[key] = `${value as string}`;
      return true;
    },
    defineProperty(target, key, descriptor) {
      if (typeof key === 'symbol') throw new TypeError(SYMBOL_MESSAGE);
      if (descriptor.get !== undefined || descriptor.set !== undefined)
        throw invalid("'process.env' does not accept an accessor(getter/setter) descriptor");
      const isPlain =
        'value' in descriptor && descriptor.configurable === true && descriptor.writable === true && descriptor.enumerable === true;
      if (!isPlain) throw invalid("'process.env' only accepts a configurable, writable, and enumerable data descriptor");
      target[key] = `${descriptor.value as string}`;
      return true;
    },
  });
}

function invalid(message: string): TypeError {
  return Object.assign(new TypeError(message), { code: 'ERR_INVALID_OBJECT_DEFINE_PROPERTY' });
}
