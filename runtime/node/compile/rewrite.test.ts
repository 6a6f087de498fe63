// Scripts are rewritten only where they must be, and still mean the same.
import { runInThisContext } from 'node:vm';
import { expect, test } from 'vitest';
import { contextEdits, contextFunctionEdits } from './context-edits.ts';
import { applyEdits } from './edits.ts';
import { rewriteScript } from './rewrite.ts';

test('text that neither imports nor awaits is left alone', () => {
  const source = 'const a = 1; function b() { return a; }';
  expect(rewriteScript(source, 0)).toMatchObject({ source, awaits: false, edits: [] });
});

test.each([
  ['async () => { await f(1); }', 'async () => { await  $$await(/*$$*/f(1)/*$$*/); }'],
  ['async () => { await (a, b); }', 'async () => { await ( $$await((/*$$*/a, b/*$$$*/))); }'],
  ['async () => { for await (const x of y) z(x); }', 'async () => { for await (const x of  $$await.each(/*$$*/y/*$$*/)) z(x); }'],
  ['async function* g() { yield* h(); yield 1; }', 'async function* g() { yield*  $$await.each(/*$$*/h()/*$$*/); yield 1; }'],
  ['function* g() { yield* h(); } async () => await 1', 'function* g() { yield* h(); } async () => await  $$await(/*$$*/1/*$$*/)'],
  ['"await x"; /* await y */ async function* n() {}', '"await x"; /* await y */ async function* n() {}'],
])('%s', (source, expected) => {
  expect(rewriteScript(source, 0).source).toBe(expected);
});

test('import() says which script asks', () => {
  expect(rewriteScript('import("a")', 7).source).toBe('globalThis[Symbol.for("verklet.import")](7,"a")');
});

test('lexical declarations of a global script outlive it', () => {
  const { source, persistent } = rewriteScript('let one = 1; const { two } = { two: 2 }; class Three {}', 0, {
    isGlobal: true,
    persists: true,
  });
  expect(persistent).toEqual(['one', 'two', 'Three']);
  runInThisContext(source);
  expect(runInThisContext('[one, two, typeof Three]')).toEqual([1, 2, 'function']);
});

test('a script of a context keeps its lines', () => {
  const source = 'let a = 1;\nvar b;\nfunction f() {\n  return typeof a;\n}\nfor (var i = 0; i < 2; i++) { }\nclass C { }';
  const edited = applyEdits(source, contextEdits(source, '$$vm', true));
  expect(edited.split('\n')).toHaveLength(source.split('\n').length);
  expect(() => new Function(edited)).not.toThrow();
});

test.each([
  ['typeof a; typeof b; var b', ['c'], '$.typeOf(() => a); typeof b; var b'],
  ['return typeof c + typeof d', ['c'], 'return typeof c + $.typeOf(() => d)'],
  ['import("x")', [], '$.import($.id,"x")'],
  ['let f = ({ g }) => typeof g; await', [], 'let f = ({ g }) => typeof g; await'],
])('a function body for a context: %s', (source, parameters, expected) => {
  expect(applyEdits(source, contextFunctionEdits(source, parameters, '$'))).toBe(expected);
});

test('a function made from text takes the context’s global object for the process’s', () => {
  const edit = (source: string): string => applyEdits(source, contextFunctionEdits(source, [], '$', true));
  expect(edit('return this')).toBe('return $.self(this)');
  expect(edit('return [() => this, function () { return this }]')).toBe('return [() => $.self(this), function () { return this }]');
});

test('a text given to a direct eval is compiled as its file is', () => {
  const edited = (source: string): string => rewriteScript(source, 7).source;
  expect(edited('eval("async () => { await 1 }")')).toBe('eval(globalThis[Symbol.for("verklet.eval")](7,"async () => { await 1 }"))');
  expect(edited('a.eval("1"); eval()')).toBe('a.eval("1"); eval()');
});
