// Messages survive the way through bytes, and what cannot be bytes stands beside them.
import { expect, test } from 'vitest';
import { decode, encode } from './packets.ts';
import { NodeObject, PortReference } from './sealed-objects.ts';

const refuse = (message: string): Error => new Error(message);

test('values, identities and collections come back', () => {
  const shared = { name: 'x' };
  const value = { list: [shared, shared], map: new Map([[1, new Date(0)]]), bytes: new Uint8Array([1, 2]), nothing: undefined, big: 12n };
  const copy = decode(encode(value, refuse)) as typeof value;
  expect(copy).toEqual(value);
  expect(copy.list[0]).toBe(copy.list[1]);
});

test('shared memory and compiled code travel beside the bytes, once each', () => {
  const memory = new SharedArrayBuffer(4);
  const module = new WebAssembly.Module(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]));
  const encoded = encode({ a: memory, view: new Int32Array(memory), module }, refuse);
  expect(encoded.shared).toEqual([memory, module]);
  const copy = decode(encoded) as { a: SharedArrayBuffer; view: Int32Array; module: WebAssembly.Module };
  expect(copy.a).toBe(memory);
  expect(copy.view.buffer).toBe(memory);
  expect(copy.module).toBe(module);
});

test('ports and objects of Node stand in by what makes them anew', () => {
  const copy = decode(encode([new PortReference(1), new NodeObject('internal/url:URL', { href: 'a:b' })], refuse)) as unknown[];
  expect(copy).toEqual([new PortReference(1), new NodeObject('internal/url:URL', { href: 'a:b' })]);
});

test('what another thread cannot have is refused', () => {
  expect(() => encode({ f: () => 1 }, refuse)).toThrow('could not be cloned');
});
