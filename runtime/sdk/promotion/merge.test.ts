// Three-way merging of trees: what each side changed arrives at the other, and what both changed is kept twice.
import { expect, test } from 'vitest';
import { merge, type FlatTree, type MergeStep } from './merge.ts';

const FOLDER = 0o040755;
const tree = (entries: Record<string, string>): FlatTree =>
  new Map(Object.entries(entries).map(([path, key]) => [path, { mode: key === '/' ? FOLDER : 0o100644, key, mtimeMs: 0 }]));
const brief = (steps: readonly MergeStep[]): string[] =>
  steps.map(
    (step) => `${step.kind} ${step.path} ${step.state?.key ?? 'gone'}${step.kind === 'conflict' ? ` as ${step.keptAs ?? 'nothing'}` : ''}`,
  );

test.each<[string, Record<string, string>, Record<string, string>, Record<string, string>, string[]]>([
  ['nothing changed', { a: '1' }, { a: '1' }, { a: '1' }, []],
  ['the server changed', { a: '1' }, { a: '1' }, { a: '2' }, ['take a 2']],
  ['the tab changed', { a: '1' }, { a: '2' }, { a: '1' }, []],
  ['both changed alike', { a: '1' }, { a: '2' }, { a: '2' }, []],
  ['both changed', { a: '1' }, { a: '2' }, { a: '3' }, ['conflict a 3 as a.server']],
  ['both made a file', {}, { 'x/notes.txt': '1' }, { 'x/notes.txt': '2' }, ['conflict x/notes.txt 2 as x/notes.server.txt']],
  ['the name of the copy is taken', {}, { 'n.txt': '1', 'n.server.txt': '9' }, { 'n.txt': '2' }, ['conflict n.txt 2 as n.server2.txt']],
  ['the server removed', { a: '1' }, { a: '1' }, {}, ['take a gone']],
  ['the server removed what the tab changed', { a: '1' }, { a: '2' }, {}, ['conflict a gone as nothing']],
  ['the tab removed what the server changed', { a: '1' }, {}, { a: '2' }, ['take a 2']],
  ['both removed', { a: '1' }, {}, {}, []],
  ['the server made a folder with a file', {}, {}, { d: '/', 'd/f': '1' }, ['take d /', 'take d/f 1']],
  [
    'the server removed a folder that the tab added to',
    { d: '/', 'd/f': '1' },
    { d: '/', 'd/f': '1', 'd/mine': '2' },
    {},
    ['take d/f gone'],
  ],
  ['the server removed a whole folder', { d: '/', 'd/f': '1' }, { d: '/', 'd/f': '1' }, {}, ['take d gone', 'take d/f gone']],
  [
    'a file became a folder on the server, and was edited here',
    { d: '1' },
    { d: '2' },
    { d: '/', 'd/f': '3' },
    ['conflict d / as d.server', 'take d.server/f 3'],
  ],
])('%s', (_, base, tab, server, steps) => {
  expect(brief(merge(tree(base), tree(tab), tree(server)))).toEqual(steps);
});
