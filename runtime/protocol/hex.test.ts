import { expect, test } from 'vitest';
import { fromHex, toHex } from './hex.ts';

test('every byte has its two digits, both ways', () => {
  const bytes = Uint8Array.from({ length: 256 }, (_, byte) => byte);
  const text = Buffer.from(bytes).toString('hex');
  expect(toHex(bytes)).toBe(text);
  expect(fromHex(text)).toEqual(bytes);
});
