// How outputs grow while a cell runs.
import { expect, test } from 'vitest';
import { OutputList, overwritten } from './outputs.ts';

test('text of one stream runs together, another starts anew', () => {
  const list = new OutputList();
  list.add({ type: 'stream', stream: 'stdout', text: 'a\n' });
  list.add({ type: 'stream', stream: 'stdout', text: 'b\n' });
  list.add({ type: 'stream', stream: 'stderr', text: 'c' });
  expect(list.outputs).toEqual([
    { type: 'stream', name: 'stdout', text: 'a\nb\n' },
    { type: 'stream', name: 'stderr', text: 'c' },
  ]);
});

test('progress bars keep one line', () => {
  const list = new OutputList();
  for (const done of [10, 50, 100]) list.add({ type: 'stream', stream: 'stderr', text: `\r${done}%` });
  expect(list.outputs).toEqual([{ type: 'stream', name: 'stderr', text: '100%' }]);
  expect(overwritten('abc\rX\nnext')).toBe('Xbc\nnext');
  expect(overwritten('abc\b\bX\n\bkept')).toBe('aX\nkept');
  expect(overwritten('one\r\ntwo\r\n')).toBe('one\ntwo\n');
});

test('a waiting clear keeps the old output until there is a new one; a display is replaced by its name', () => {
  const list = new OutputList();
  const display = { type: 'display', metadata: {}, displayId: 'x', isUpdate: false } as const;
  list.add({ type: 'stream', stream: 'stdout', text: 'old' });
  list.add({ type: 'clear', wait: true });
  expect(list.outputs).toHaveLength(1);
  list.add({ ...display, data: { 'text/plain': '1' } });
  list.add({ ...display, isUpdate: true, data: { 'text/plain': '2' } });
  list.add({ ...display, isUpdate: true, displayId: 'other', data: { 'text/plain': '3' } });
  expect(list.outputs).toEqual([{ type: 'display', metadata: {}, displayId: 'x', data: { 'text/plain': '2' } }]);
});

test('endless text is cut, and says so', () => {
  const list = new OutputList();
  for (let count = 0; count < 80; count++) list.add({ type: 'stream', stream: 'stdout', text: 'x'.repeat(10_000) });
  const [output] = list.outputs;
  expect(output?.type === 'stream' && output.text.length).toBeLessThan(500_100);
  expect(output?.type === 'stream' && output.text).toContain('more output is not kept');
});
