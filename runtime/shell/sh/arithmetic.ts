// `$((...))`: C's integer expressions over shell variables, by precedence climbing. Pure.
import { ShellSyntaxError } from './syntax.ts';

const TOKEN = /\s*(0[xX][0-9a-fA-F]+|\d+|[A-Za-z_]\w*|\*\*|<<=?|>>=?|&&|\|\||[<>=!+\-*/%&|^]=|[-+*/%<>=!&|^~?:()])/y;
const PRECEDENCE: Readonly<Record<string, number>> = {
  '||': 1,
  '&&': 2,
  '|': 3,
  '^': 4,
  '&': 5,
  '==': 6,
  '!=': 6,
  '<': 7,
  '>': 7,
  '<=': 7,
  '>=': 7,
  '<<': 8,
  '>>': 8,
  '+': 9,
  '-': 9,
  '*': 10,
  '/': 10,
  '%': 10,
  '**': 11,
};

type Get = (name: string) => string;
type Set = (name: string, value: string) => void;

/** Throws {@link ShellSyntaxError} for text that is no expression, and for a division by zero. */
export function evaluateArithmetic(text: string, get: Get, set: Set): number {
  const tokens: string[] = [];
  TOKEN.lastIndex = 0;
  const source = text.trim();
  while (TOKEN.lastIndex < source.length) {
    const token = TOKEN.exec(source)?.[1];
    if (token === undefined) throw new ShellSyntaxError(`arithmetic expression: ${text}`);
    tokens.push(token);
  }
  if (tokens.length === 0) return 0;
  const evaluator = new Evaluator(tokens, get, set);
  const value = evaluator.assignment();
  if (!evaluator.isDone) throw new ShellSyntaxError(`arithmetic expression: ${text}`);
  return value;
}

class Evaluator {
  readonly #tokens: readonly string[];
  readonly #get: Get;
  readonly #set: Set;
  #at = 0;

  constructor(tokens: readonly string[], get: Get, set: Set) {
    this.#tokens = tokens;
    this.#get = get;
    this.#set = set;
  }

  get isDone(): boolean {
    return this.#at >= this.#tokens.length;
  }

  assignment(): number {
    const [name = '', operator = ''] = this.#tokens.slice(this.#at, this.#at + 2);
    if (!/^[A-Za-z_]/.test(name) || !/^(?:[-+*/%&|^]|<<|>>)?=$/.test(operator)) return this.#conditional();
    this.#at += 2;
    const right = this.assignment();
    const value = operator === '=' ? right : apply(operator.slice(0, -1), Number(this.#get(name)) || 0, right);
    this.#set(name, String(value));
    return value;
  }

  #conditional(): number {
    const condition = this.#binary(1);
    if (!this.#take('?')) return condition;
    const yes = this.assignment();
    if (!this.#take(':')) throw new ShellSyntaxError("arithmetic expression: missing ':'");
    const no = this.assignment();
    return condition === 0 ? no : yes;
  }

  #binary(lowest: number): number {
    let left = this.#unary();
    for (;;) {
      const operator = this.#tokens[this.#at] ?? '';
      const precedence = PRECEDENCE[operator];
      if (precedence === undefined || precedence < lowest) return left;
      this.#at++;
      left = apply(operator, left, this.#binary(precedence + 1));
    }
  }

  #unary(): number {
    if (this.#take('-')) return -this.#unary();
    if (this.#take('+')) return this.#unary();
    if (this.#take('!')) return this.#unary() === 0 ? 1 : 0;
    if (this.#take('~')) return ~this.#unary();
    if (this.#take('(')) {
      const value = this.assignment();
      if (!this.#take(')')) throw new ShellSyntaxError("arithmetic expression: missing ')'");
      return value;
    }
    const token = this.#tokens[this.#at++] ?? '';
    if (/^0[0-7]+$/.test(token)) return Number.parseInt(token, 8);
    if (/^\d/.test(token)) return Number(token);
    if (/^[A-Za-z_]/.test(token)) return Number(this.#get(token)) || 0;
    throw new ShellSyntaxError('arithmetic expression: a value is missing');
  }

  #take(token: string): boolean {
    if (this.#tokens[this.#at] !== token) return false;
    this.#at++;
    return true;
  }
}

function apply(operator: string, a: number, b: number): number {
  switch (operator) {
    case '||':
      return a !== 0 || b !== 0 ? 1 : 0;
    case '&&':
      return a !== 0 && b !== 0 ? 1 : 0;
    case '|':
      return a | b;
    case '^':
      return a ^ b;
    case '&':
      return a & b;
    case '==':
      return Number(a === b);
    case '!=':
      return Number(a !== b);
    case '<':
      return Number(a < b);
    case '>':
      return Number(a > b);
    case '<=':
      return Number(a <= b);
    case '>=':
      return Number(a >= b);
    case '<<':
      return a << b;
    case '>>':
      return a >> b;
    case '+':
      return a + b;
    case '-':
      return a - b;
    case '*':
      return a * b;
    case '**':
      return a ** b;
    default: {
      if (b === 0) throw new ShellSyntaxError('division by zero');
      return operator === '/' ? Math.trunc(a / b) : a % b;
    }
  }
}
