// expr: one expression over its arguments. Runs in the tools worker.
import { type Tool, ToolFailure } from '../tool.ts';
import { basicExpression } from '../regular-expression.ts';

const SYNTAX = 2;

export const expr: Tool = ({ args, write }) => {
  const value = new Expression(args).whole();
  write(`${value}\n`);
  return value === '' || /^-?0+$/.test(value) ? 1 : 0;
};

class Expression {
  readonly #args: readonly string[];
  #at = 0;

  constructor(args: readonly string[]) {
    this.#args = args;
  }

  whole(): string {
    if (this.#args.length === 0) throw new ToolFailure('missing operand', SYNTAX);
    const value = this.#or();
    if (this.#at < this.#args.length) throw new ToolFailure(`syntax error: unexpected argument '${this.#args[this.#at] ?? ''}'`, SYNTAX);
    return value;
  }

  #or(): string {
    let left = this.#and();
    while (this.#take('|')) {
      const right = this.#and();
      left = isNull(left) ? (isNull(right) ? '0' : right) : left;
    }
    return left;
  }

  #and(): string {
    let left = this.#comparison();
    while (this.#take('&')) {
      const right = this.#comparison();
      left = isNull(left) || isNull(right) ? '0' : left;
    }
    return left;
  }

  #comparison(): string {
    let left = this.#sum();
    for (;;) {
      const operator = ['<', '<=', '=', '==', '!=', '>=', '>'].find((one) => this.#take(one));
      if (operator === undefined) return left;
      left = compare(left, operator, this.#sum()) ? '1' : '0';
    }
  }

  #sum(): string {
    let left = this.#product();
    for (;;) {
      if (this.#take('+')) left = String(integer(left) + integer(this.#product()));
      else if (this.#take('-')) left = String(integer(left) - integer(this.#product()));
      else return left;
    }
  }

  #product(): string {
    let left = this.#match();
    for (;;) {
      const operator = ['*', '/', '%'].find((one) => this.#take(one));
      if (operator === undefined) return left;
      const right = integer(this.#match());
      if (operator !== '*' && right === 0n) throw new ToolFailure('division by zero', SYNTAX);
      const value = integer(left);
      left = String(operator === '*' ? value * right : operator === '/' ? value / right : value % right);
    }
  }

  #match(): string {
    let left = this.#primary();
    while (this.#take(':')) left = matchText(left, this.#primary());
    return left;
  }

  #primary(): string {
    const word = this.#args[this.#at++];
    if (word === undefined) throw new ToolFailure('syntax error: missing argument', SYNTAX);
    if (word === '(') {
      const inner = this.#or();
      if (!this.#take(')')) throw new ToolFailure("syntax error: expecting ')'", SYNTAX);
      return inner;
    }
    if (this.#at >= this.#args.length) return word;
    if (word === 'length') return String([...this.#primary()].length);
    if (word === 'match') return matchText(this.#primary(), this.#primary());
    if (word === 'index') {
      const [text, characters] = [[...this.#primary()], this.#primary()];
      return String(text.findIndex((character) => characters.includes(character)) + 1);
    }
    if (word === 'substr') {
      const [text, start, length] = [[...this.#primary()], Number(this.#primary()), Number(this.#primary())];
      return start >= 1 && length > 0 ? text.slice(start - 1, start - 1 + length).join('') : '';
    }
    return word;
  }

  #take(word: string): boolean {
    if (this.#args[this.#at] !== word) return false;
    this.#at++;
    return true;
  }
}

function isNull(value: string): boolean {
  return value === '' || /^-?0+$/.test(value);
}

function integer(text: string): bigint {
  if (!/^-?\d+$/.test(text)) throw new ToolFailure('non-integer argument', SYNTAX);
  return BigInt(text);
}

function compare(a: string, operator: string, b: string): boolean {
  const bothNumbers = /^-?\d+$/.test(a) && /^-?\d+$/.test(b);
  const order = bothNumbers ? Number(BigInt(a) - BigInt(b)) : a < b ? -1 : a > b ? 1 : 0;
  switch (operator) {
    case '<':
      return order < 0;
    case '<=':
      return order <= 0;
    case '=':
    case '==':
      return order === 0;
    case '!=':
      return order !== 0;
    case '>=':
      return order >= 0;
    default:
      return order > 0;
  }
}

/** The first group, or the length of the match. */
function matchText(text: string, pattern: string): string {
  const match = basicExpression(`^${pattern.replace(/^\^/, '')}`).exec(text);
  const hasGroup = /\\\(/.test(pattern);
  return match === null ? (hasGroup ? '' : '0') : hasGroup ? (match[1] ?? '') : String([...match[0]].length);
}
