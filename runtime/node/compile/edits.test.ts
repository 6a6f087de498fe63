// Columns of edited text lead back to the original.
import { expect, test } from 'vitest';
import { applyEdits, originalColumn, sortEdits } from './edits.ts';

test('every unchanged character is found again', () => {
  const source = 'import { ok } from "a";\nconst x = await ok(1) + ok(2);\nlast(x);';
  const edits = sortEdits([
    { start: 0, end: 23, text: ';' },
    ...[...source.matchAll(/ok(?=\()/g)].map(({ index }) => ({ start: index, end: index + 2, text: '(0, $$imports[0].names["ok"])' })),
    { start: source.indexOf('ok(1)'), end: source.indexOf('ok(1)'), text: '$$await(' },
    { start: source.indexOf('ok(1)') + 5, end: source.indexOf('ok(1)') + 5, text: ')' },
  ]);
  const edited = applyEdits(source, edits).split('\n');
  for (const [line, text] of [
    [2, 'const'],
    [2, '+ '],
    [2, '(2);'],
    [3, 'last'],
  ] as const) {
    const column = (edited[line - 1] ?? '').indexOf(text) + 1;
    const original = originalColumn(source, edits, line, column);
    expect((source.split('\n')[line - 1] ?? '').slice(original - 1)).toContain(text);
    expect((source.split('\n')[line - 1] ?? '').indexOf(text)).toBe(original - 1);
  }
});

test('a place inside a replacement is the start of what it replaced', () => {
  const edits = [{ start: 4, end: 6, text: '(0, longer)' }];
  expect(originalColumn('x = ok(1)', edits, 1, 9)).toBe(5);
});
