// How llhttp's pieces become a header list. Runs in Node.
import { expect, it } from 'vitest';
import { HeaderCollector } from './headers.ts';

it('joins the pieces of names and values', () => {
  const headers = new HeaderCollector(1024);
  for (const piece of ['Ho', 'st']) headers.addField(piece);
  for (const piece of ['exam', 'ple ']) headers.addValue(piece);
  expect(headers.take()).toEqual(['Host', 'example']);
});

it('gives an empty value to a name that ends the list', () => {
  const headers = new HeaderCollector(1024);
  headers.addField('A');
  headers.addValue('');
  headers.addField('B');
  expect(headers.take()).toEqual(['A', '', 'B', '']);
});

it('counts names, values and the URL against one limit, and starts anew for trailers', () => {
  const headers = new HeaderCollector(10);
  expect(headers.count(4)).toBe(true);
  expect(headers.addField('name')).toBe(true);
  expect(headers.addValue('ab')).toBe(false);
  expect(headers.isOverLimit).toBe(true);
  headers.take();
  expect(headers.isOverLimit).toBe(false);
});
