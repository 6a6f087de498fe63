// Modules run as the language says after the transform: live bindings, hoisting, TDZ, cycles, names, scopes.
import { runInThisContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import { type ModuleEnvironment, type ModuleRecord, SourceModule } from './module-record.ts';
import { transformModule } from './transform.ts';

/** Links modules by name, runs `main`, returns what it exported. */
function load(sources: Record<string, string>): { main: SourceModule; run: () => Promise<Record<string, unknown>> } {
  const modules = new Map<string, SourceModule>();
  const environment = (name: string): ModuleEnvironment => ({
    compile: (code) => runInThisContext(code) as never,
    meta: () => ({ url: name }),
    keep: Object.assign((value: unknown) => value, { each: (iterable: unknown) => iterable }),
    import: (specifier) => Promise.resolve(modules.get(String(specifier))?.namespace),
    missingExport: (message, line) => new SyntaxError(`${message} (line ${line})`),
  });
  for (const [name, source] of Object.entries(sources))
    modules.set(name, new SourceModule(name, transformModule(source), environment(name)));
  for (const module of modules.values()) {
    module.dependencies = module.transformed.requests.map(({ specifier }) => modules.get(specifier) as ModuleRecord);
  }
  const main = modules.get('main') as SourceModule;
  return {
    main,
    run: async () => {
      main.instantiate();
      await main.evaluate();
      return main.namespace as Record<string, unknown>;
    },
  };
}

describe('bindings', () => {
  test('imports are live', async () => {
    const { run } = load({
      main: 'import { n, add } from "a"; const before = n; add(); export const seen = [before, n];',
      a: 'export let n = 1; export function add() { n++; }',
    });
    expect((await run())['seen']).toEqual([1, 2]);
  });

  test('functions are hoisted across a cycle, constants are not', async () => {
    const sources = {
      main: 'import { b } from "b"; export function a() { return "a"; } export const late = 1; export const result = b;',
      b: 'import { a, late } from "main"; export const b = [a(), (() => { try { return late; } catch (error) { return error.constructor.name; } })()];',
    };
    expect((await load(sources).run())['result']).toEqual(['a', 'ReferenceError']);
  });

  test('an imported name is not assignable', async () => {
    await expect(load({ main: 'import { n } from "a"; n = 2;', a: 'export let n = 1;' }).run()).rejects.toThrow(TypeError);
  });

  test('a call of an import has no receiver', async () => {
    const { run } = load({ main: 'import { f } from "a"; export const seen = [f(), f`x`];', a: 'export function f() { return this; }' });
    expect((await run())['seen']).toEqual([undefined, undefined]);
  });

  test('a missing export names the module, the name and the line', () => {
    const { main } = load({ main: '\nimport { nope } from "a";', a: 'export const n = 1;' });
    expect(() => main.instantiate()).toThrow("The requested module 'a' does not provide an export named 'nope' (line 2)");
  });
});

describe('exports', () => {
  test.each([
    ['export default 1', 1],
    ['export default (2, 3)', 3],
    ['const a = 4; export { a as default }', 4],
    ['export { default } from "a"', 'from a'],
  ])('%s', async (source, value) => {
    expect((await load({ main: source, a: 'export default "from a"' }).run())['default']).toBe(value);
  });

  test.each([
    'export default function () {}',
    'export default class {}',
    'export default () => {}',
    'export default (function () {})',
    'export default async () => {}',
  ])('%s is called default', async (source) => {
    expect(((await load({ main: source }).run())['default'] as Function).name).toBe('default');
  });

  test('a named default keeps its name, and its binding is live', async () => {
    const { run } = load({ main: 'export default function f() { return 1; } export const same = f.name;' });
    expect((await run())['same']).toBe('f');
  });

  test('patterns, renames and strings', async () => {
    const { run } = load({
      main: 'export const { a, b: [c, ...d], ...e } = { a: 1, b: [2, 3, 4], f: 5 }; const g = 6; export { g as "odd name", g as h };',
    });
    expect({ ...(await run()) }).toEqual({ a: 1, c: 2, d: [3, 4], e: { f: 5 }, 'odd name': 6, h: 6 });
  });

  test('export * takes all but default, and drops what is ambiguous', async () => {
    const sources = {
      main: 'export * from "a"; export * from "b"; export * as all from "a"; export const own = 1;',
      a: 'export const x = 1, both = 1; export default 1;',
      b: 'export const y = 2, both = 2;',
    };
    const namespace = await load(sources).run();
    expect(Object.keys(namespace)).toEqual(['all', 'own', 'x', 'y']);
    expect(namespace['both']).toBeUndefined();
  });

  test('an import that is exported again stays live', async () => {
    const { run } = load({
      main: 'import { n } from "a"; export { n }; import { add } from "a"; add();',
      a: 'export let n = 1; export const add = () => n++;',
    });
    expect((await run())['n']).toBe(2);
  });
});

describe('scopes', () => {
  test.each([
    ['parameters', '((x) => x)(2)'],
    ['destructured parameters', '(({ x }, [y = x]) => y)({ x: 2 }, [])'],
    ['var in a nested block', '(() => { if (true) { var x = 2; } return x; })()'],
    ['let in a block', '(() => { { let x = 2; return x; } })()'],
    ['functions in a block', '(() => { { function x() { return 2; } return x(); } })()'],
    ['loops', '(() => { for (const x of [2]) return x; })()'],
    ['catch', '(() => { try { throw 2; } catch (x) { return x; } })()'],
    ['classes', '(() => { class x { static v = 2; } return x.v; })()'],
    ['names of function expressions', '(function x(n) { return n ? 2 : typeof x; })(1)'],
    ['switch', '(() => { switch (1) { case 1: let x = 2; return x; } })()'],
    ['keys and properties', '({ x: 2 }).x'],
    ['labels', '(() => { x: for (;;) { break x; } return 2; })()'],
    ['methods', '({ x() { return 2; } }).x()'],
  ])('%s shadow an import', async (_name, expression) => {
    expect(
      (await load({ main: `import { x } from "a"; export const seen = ${expression};`, a: 'export const x = 1;' }).run())['seen'],
    ).toBe(2);
  });

  test.each([
    ['shorthand properties', '({ x }).x'],
    ['computed keys', '({ [x]: 1 })[1]'],
    ['defaults of parameters', '((y = x) => y)()'],
    ['inside functions', '(() => (() => x)())()'],
    ['in templates', 'Number(`${x}`)'],
    ['in class fields', 'new (class { v = x })().v'],
    ['typeof', '(typeof x === "number") ? 1 : 0'],
  ])('%s read the import', async (_name, expression) => {
    expect(
      (await load({ main: `import { x } from "a"; export const seen = ${expression};`, a: 'export const x = 1;' }).run())['seen'],
    ).toBe(1);
  });
});

describe('time', () => {
  test('top-level await makes importers wait, in order', async () => {
    const sources = {
      main: 'import { log } from "log"; import "slow"; import "fast"; log.push("main"); export { log };',
      log: 'export const log = [];',
      slow: 'import { log } from "log"; await 0; log.push("slow");',
      fast: 'import { log } from "log"; log.push("fast");',
    };
    expect((await load(sources).run())['log']).toEqual(['fast', 'slow', 'main']);
  });

  test('await inside functions is not top-level', () => {
    const sources = [
      'async () => { await 0; }',
      'class A { async m() { await 0; } }',
      'async function* f() { for await (const x of []) ; }',
    ];
    for (const source of sources) expect(transformModule(source).hasTopLevelAwait).toBe(false);
    for (const source of ['await 0', 'for await (const x of []) ;', 'if (1) { await 0; }'])
      expect(transformModule(source).hasTopLevelAwait).toBe(true);
  });

  test('a module that throws throws again, without running again', async () => {
    const { main } = load({ main: 'globalThis.ran = (globalThis.ran ?? 0) + 1; throw new Error("once");' });
    main.instantiate();
    expect(() => main.evaluate()).toThrow('once');
    expect(() => main.evaluate()).toThrow('once');
    expect((globalThis as { ran?: number }).ran).toBe(1);
  });

  test('a rejected await fails the importer', async () => {
    await expect(load({ main: 'import "a";', a: 'await Promise.reject(new Error("no"));' }).run()).rejects.toThrow('no');
  });
});

describe('text', () => {
  test('lines do not move', () => {
    const source = 'import {\n  a,\n  b\n} from "a";\nexport default {\n  x: a,\n};\nexport * from "b";\n// last';
    const { code } = transformModule(source);
    expect(code.split('\n').length).toBe(source.split('\n').length + 1);
    expect(code.split('\n')[8]).toBe('// last');
  });

  test('import.meta, import() and a hashbang', async () => {
    const { run } = load({
      main: '#!/usr/bin/env node\nimport "a"; export const url = import.meta.url; export const n = (await import("a")).n;',
      a: 'export const n = 7;',
    });
    expect(await run()).toMatchObject({ url: 'main', n: 7 });
  });

  test('attributes make separate requests', () => {
    const { requests } = transformModule('import a from "x" with { type: "json" }; import b from "x"; import c from "x";');
    expect(requests.map(({ specifier, attributes }) => [specifier, { ...attributes }])).toEqual([
      ['x', { type: 'json' }],
      ['x', {}],
    ]);
  });

  test('a syntax error carries its place', () => {
    expect(() => transformModule('const a = 1;\nconst a = 2;')).toThrow(expect.objectContaining({ loc: { line: 2, column: 6 } }));
  });
});
