// Messages of syntax errors, against V8's own.
import { parse } from 'acorn';
import { expect, test } from 'vitest';
import { asV8SaysIt } from './syntax-message.ts';

const SOURCES = ['var foo bar;', 'let a = 1 2;', 'let b = 1 "x";', 'foo(;', 'if (', 'const x = }'];

test.each(SOURCES)('%s is refused in the words of V8', (source) => {
  const v8 = messageOf(() => new Function(source));
  const ours = messageOf(() => {
    try {
      parse(source, { ecmaVersion: 'latest' });
    } catch (error) {
      const { message, pos } = error as SyntaxError & { pos: number };
      throw new SyntaxError(asV8SaysIt(message, source, pos), { cause: error });
    }
  });
  // In a function's body the end is its closing brace.
  expect(ours.replace('Unexpected end of input', "Unexpected token '}'")).toBe(v8);
});

function messageOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    return (error as Error).message;
  }
  return '';
}
