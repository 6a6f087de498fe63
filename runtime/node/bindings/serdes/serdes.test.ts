// Our writer and reader against the engine's own: the same bytes, and each reads what the other wrote.
import v8 from 'node:v8';
import { expect, test } from 'vitest';
import { ValueReader } from './value-reader.ts';
import { ValueWriter } from './value-writer.ts';

const refuse = (): never => {
  throw new Error('no host objects here');
};

function write(value: unknown): Buffer {
  const writer = new ValueWriter({
    isHostObject: () => false,
    writeHostObject: refuse,
    sharedArrayBufferId: refuse,
    cloneError: (message) => new Error(message),
  });
  writer.header();
  writer.value(value);
  return Buffer.from(writer.bytes.take());
}

function writeNatively(value: unknown): Buffer {
  const serializer = new v8.Serializer();
  serializer.writeHeader();
  serializer.writeValue(value);
  return serializer.releaseBuffer();
}

function read(bytes: Uint8Array): unknown {
  const reader = new ValueReader(bytes, { readHostObject: refuse, sharedArrayBuffer: refuse });
  expect(reader.header()).toBe(true);
  return reader.value();
}

const circular: { self?: unknown; list: unknown[] } = { list: [] };
circular.self = circular;
circular.list.push(circular);

const values: Record<string, unknown> = {
  'small and large integers': [0, 1, -1, 2 ** 31 - 1, -(2 ** 31), 2 ** 31, 2 ** 53],
  doubles: [1.5, -0, Number.NaN, Number.POSITIVE_INFINITY, 5e-324],
  bigints: [0n, 1n, -1n, 2n ** 64n, -(2n ** 130n) + 7n],
  'strings at odd and even offsets': ['', 'a', 'é', '€', '€€', 'a€', '\ud800'],
  'keys that are indices': { 1: 'a', '01': 'b', 4294967294: 'c', 4294967295: 'd' },
  'arrays with holes and properties': [Object.assign([1], { 2: 3, extra: true }), Object.assign([1, 2], { extra: 1 })],
  'dates and wrappers': [new Date(5), new Date(Number.NaN), Object(1), Object('s'), Object(false), Object(3n)],
  'regular expressions': [/a/, /b\/c/dgimsuy, /[\p{L}--q]/v],
  'maps and sets': [new Map<unknown, unknown>([[{ a: 1 }, new Set([1, 'x'])]]), new Set()],
  'buffers and views': [new Uint16Array([1, 2, 3]).subarray(1), new DataView(new ArrayBuffer(3)), new Float64Array(2), new ArrayBuffer(0)],
  'a shared buffer': (() => {
    const buffer = new ArrayBuffer(8);
    return [new Uint8Array(buffer, 2, 3), new Uint8Array(buffer)];
  })(),
  circles: circular,
  errors: Object.assign(new RangeError('far', { cause: { why: 1 } }), { stack: 'RangeError: far' }),
};

for (const [name, value] of Object.entries(values)) {
  test(`${name} are written byte for byte as the engine writes them`, () => {
    expect(write(value).toString('hex')).toBe(writeNatively(value).toString('hex'));
  });

  test(`${name} are read back`, () => {
    expect(read(writeNatively(value))).toEqual(value);
    expect(v8.deserialize(write(value))).toEqual(value);
  });
}

test('what cannot be cloned is named as the engine names it', () => {
  for (const value of [Symbol('q'), new WeakMap(), Promise.resolve(), () => 1]) {
    const ours = (): Buffer => write(value);
    expect(ours).toThrow(
      (() => {
        try {
          return writeNatively(value).toString();
        } catch (error) {
          return (error as Error).message;
        }
      })(),
    );
  }
});

test('damaged bytes are refused, never read as something else', () => {
  const bytes = write({ a: [1, 2, { b: 'text' }] });
  for (let length = 2; length < bytes.length; length++) expect(() => read(bytes.subarray(0, length))).toThrow('Unable to deserialize');
});
