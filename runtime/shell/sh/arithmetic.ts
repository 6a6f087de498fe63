// `$((...))`: C's integer expressions over shell variables, 64 bits wide, by precedence climbing. Pure.
import { ShellSyntaxError } from './syntax.ts';
import { matchingBracket } from './word-reader.ts';

const TOKEN =
  /\s*(\d+#[0-9a-zA-Z@_]+|0[xX][0-9a-fA-F]+|\d+|[A-Za-z_]\w*|\*\*|<<=|>>=|<<|>>|&&|\|\||\+\+|--|[<>=!+\-*/%&|^]=|[-+*/%<>=!&|^~?:(),[])/y;
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
/** A variable's value is an expression itself, but not for ever. */
const MAX_DEPTH = 32;

export interface ArithmeticVariables {
  get(name: string, index: string | null): string;
  set(name: string, index: string | null, value: string): void;
}

/** Throws {@link ShellSyntaxError} for text that is no expression, and for a division by zero. */
export function evaluateArithmetic(text: string, variables: ArithmeticVariables, depth = 0): bigint {
  if (depth > MAX_DEPTH) throw new ShellSyntaxError(`arithmetic expression: recursion in "${text}"`);
  const evaluator = new Evaluator(text, variables, depth);
  return evaluator.whole();
}

interface Place {
  readonly name: string;
  readonly index: string | null;
}

class Evaluator {
  readonly #text: string;
  readonly #variables: ArithmeticVariables;
  readonly #depth: number;
  #at = 0;
  #token = '';
  /** Above 0: the operands are only parsed, as behind `0 &&`. */
  #skipped = 0;

  constructor(text: string, variables: ArithmeticVariables, depth: number) {
    this.#text = text;
    this.#variables = variables;
    this.#depth = depth;
  }

  whole(): bigint {
    this.#next();
    if (this.#token === '') return 0n;
    const value = this.#comma();
    if (this.#token !== '') throw this.#bad();
    return value;
  }

  #next(): void {
    if (this.#text.slice(this.#at).trim() === '') {
      this.#token = '';
      this.#at = this.#text.length;
      return;
    }
    TOKEN.lastIndex = this.#at;
    const token = TOKEN.exec(this.#text)?.[1];
    if (token === undefined) throw this.#bad();
    this.#at = TOKEN.lastIndex;
    this.#token = token;
  }

  #take(token: string): boolean {
    if (this.#token !== token) return false;
    this.#next();
    return true;
  }

  #comma(): bigint {
    let value = this.#assignment();
    while (this.#take(',')) value = this.#assignment();
    return value;
  }

  #assignment(): bigint {
    const [at, token] = [this.#at, this.#token];
    const place = this.#place();
    if (place !== null && /^(?:[-+*/%&|^]|<<|>>)?=$/.test(this.#token)) {
      const operator = this.#token;
      this.#next();
      const right = this.#assignment();
      return this.#store(place, operator === '=' ? right : this.#apply(operator.slice(0, -1), this.#load(place), right));
    }
    [this.#at, this.#token] = [at, token];
    return this.#conditional();
  }

  #conditional(): bigint {
    const condition = this.#binary(1);
    if (!this.#take('?')) return condition;
    const yes = this.#unless(condition === 0n, () => this.#assignment());
    if (!this.#take(':')) throw this.#bad();
    const no = this.#unless(condition !== 0n, () => this.#conditional());
    return condition === 0n ? no : yes;
  }

  #binary(lowest: number): bigint {
    let left = this.#unary();
    for (;;) {
      const operator = this.#token;
      const precedence = PRECEDENCE[operator];
      if (precedence === undefined || precedence < lowest) return left;
      this.#next();
      const isDecided = (operator === '&&' && left === 0n) || (operator === '||' && left !== 0n);
      const right = this.#unless(isDecided, () => this.#binary(operator === '**' ? precedence : precedence + 1));
      left = this.#apply(operator, left, right);
    }
  }

  #unless(isSkipped: boolean, work: () => bigint): bigint {
    if (isSkipped) this.#skipped++;
    try {
      return work();
    } finally {
      if (isSkipped) this.#skipped--;
    }
  }

  #unary(): bigint {
    if (this.#take('-')) return wrap(-this.#unary());
    if (this.#take('+')) return this.#unary();
    if (this.#take('!')) return this.#unary() === 0n ? 1n : 0n;
    if (this.#take('~')) return wrap(~this.#unary());
    for (const [operator, step] of [
      ['++', 1n],
      ['--', -1n],
    ] as const) {
      if (!this.#take(operator)) continue;
      const place = this.#place();
      // `--5` is twice minus.
      if (place === null) return this.#unary();
      return this.#store(place, wrap(this.#load(place) + step));
    }
    return this.#primary();
  }

  #primary(): bigint {
    if (this.#take('(')) {
      const value = this.#comma();
      if (!this.#take(')')) throw this.#bad();
      return value;
    }
    const place = this.#place();
    if (place !== null) {
      const value = this.#load(place);
      if (this.#take('++')) this.#store(place, wrap(value + 1n));
      else if (this.#take('--')) this.#store(place, wrap(value - 1n));
      return value;
    }
    const token = this.#token;
    if (!/^\d/.test(token)) throw this.#bad();
    this.#next();
    return wrap(this.#number(token));
  }

  #number(token: string): bigint {
    const based = /^(\d+)#(.+)$/.exec(token);
    if (based !== null) return inBase(based[2] ?? '', Number(based[1]), this.#bad());
    if (/^0\d/.test(token)) return inBase(token.slice(1), 8, this.#bad());
    return BigInt(token);
  }

  /** A variable at this point, behind it the token after; `null` and nothing taken where there is none. */
  #place(): Place | null {
    const name = this.#token;
    if (!/^[A-Za-z_]/.test(name)) return null;
    let index: string | null = null;
    if (this.#text[this.#at] === '[') {
      const close = matchingBracket(this.#text.slice(this.#at));
      if (close === -1) throw this.#bad();
      index = this.#text.slice(this.#at + 1, this.#at + close);
      this.#at += close + 1;
    }
    this.#next();
    return { name, index };
  }

  #load({ name, index }: Place): bigint {
    if (this.#skipped > 0) return 0n;
    const value = this.#variables.get(name, index).trim();
    if (value === '') return 0n;
    if (/^-?(?:0|[1-9]\d*)$/.test(value)) return wrap(BigInt(value));
    return evaluateArithmetic(value, this.#variables, this.#depth + 1);
  }

  #store({ name, index }: Place, value: bigint): bigint {
    if (this.#skipped === 0) this.#variables.set(name, index, String(value));
    return value;
  }

  #apply(operator: string, a: bigint, b: bigint): bigint {
    if (this.#skipped > 0) return 0n;
    if ((operator === '/' || operator === '%') && b === 0n) throw new ShellSyntaxError('arithmetic expression: division by zero');
    return wrap(compute(operator, a, b));
  }

  #bad(): ShellSyntaxError {
    return new ShellSyntaxError(`arithmetic expression: expecting primary: "${this.#text}"`);
  }
}

function wrap(value: bigint): bigint {
  return BigInt.asIntN(64, value);
}

function inBase(digits: string, base: number, error: ShellSyntaxError): bigint {
  const alphabet = base <= 36 ? '0123456789abcdefghijklmnopqrstuvwxyz' : '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ@_';
  let value = 0n;
  for (const digit of base <= 36 ? digits.toLowerCase() : digits) {
    const worth = alphabet.indexOf(digit);
    if (worth === -1 || worth >= base) throw error;
    value = value * BigInt(base) + BigInt(worth);
  }
  return value;
}

function compute(operator: string, a: bigint, b: bigint): bigint {
  const truth = (value: boolean): bigint => (value ? 1n : 0n);
  switch (operator) {
    case '||':
      return truth(a !== 0n || b !== 0n);
    case '&&':
      return truth(a !== 0n && b !== 0n);
    case '|':
      return a | b;
    case '^':
      return a ^ b;
    case '&':
      return a & b;
    case '==':
      return truth(a === b);
    case '!=':
      return truth(a !== b);
    case '<':
      return truth(a < b);
    case '>':
      return truth(a > b);
    case '<=':
      return truth(a <= b);
    case '>=':
      return truth(a >= b);
    case '<<':
      return a << (b & 63n);
    case '>>':
      return a >> (b & 63n);
    case '+':
      return a + b;
    case '-':
      return a - b;
    case '*':
      return a * b;
    case '/':
      return a / b;
    case '%':
      return a % b;
    default:
      return a ** (b < 0n ? 0n : b);
  }
}
