// bc: decimal arithmetic of any size, as far as scripts use it: scale, variables, comparisons. Runs in the tools worker.
import { openInputs, parseOptions, type Tool, ToolFailure } from '../tool.ts';
import { wholeText } from './cat.ts';

const TOKEN = /\s*(\d+\.?\d*|\.\d+|[a-z_]\w*|[-+*/%^]=|[<>=!]=|\+\+|--|[-+*/%^()<>=!])/y;

/** A number as an integer and how many of its digits are behind the point. */
interface Decimal {
  readonly digits: bigint;
  readonly scale: number;
}

export const bc: Tool = (context) => {
  const { flags, operands } = parseOptions(context.args, '', { mathlib: 'l', quiet: 'q' });
  let source = '';
  const inputs = openInputs(context, operands);
  let next = inputs.next();
  for (; next.done !== true; next = inputs.next()) source += wholeText(next.value.chunks);
  const calculator = new Calculator(flags.has('l') ? 20 : 0);
  for (const statement of source.replaceAll(/\/\*[^]*?\*\/|#.*/g, '').split(/[\n;]/)) {
    if (statement.trim() === '') continue;
    if (/^\s*(?:quit|halt)\s*$/.test(statement)) return 0;
    const text = /^\s*"([^"]*)"\s*$/.exec(statement)?.[1];
    if (text !== undefined) context.write(text);
    else {
      try {
        const shown = calculator.run(statement);
        if (shown !== null) context.write(`${shown}\n`);
      } catch (error) {
        if (!(error instanceof ToolFailure)) throw error;
        context.writeError(`(standard_in) 1: ${error.message}\n`);
      }
    }
  }
  return 0;
};

class Calculator {
  readonly #variables = new Map<string, Decimal>();
  #tokens: string[] = [];
  #at = 0;

  constructor(scale: number) {
    this.#variables.set('scale', { digits: BigInt(scale), scale: 0 });
  }

  /** What is shown, `null` for an assignment. */
  run(statement: string): string | null {
    this.#tokens = tokenize(statement);
    this.#at = 0;
    const isAssignment = /^[a-z_]\w*$/.test(this.#tokens[0] ?? '') && /^[-+*/%^]?=$/.test(this.#tokens[1] ?? '');
    const value = this.#assignment();
    if (this.#at < this.#tokens.length) throw new ToolFailure('syntax error');
    return isAssignment ? null : show(value);
  }

  get #scale(): number {
    return Number(this.#variables.get('scale')?.digits ?? 0n);
  }

  #assignment(): Decimal {
    const [name = '', operator = ''] = this.#tokens.slice(this.#at, this.#at + 2);
    if (!/^[a-z_]\w*$/.test(name) || !/^[-+*/%^]?=$/.test(operator)) return this.#comparison();
    this.#at += 2;
    const right = this.#assignment();
    const value = operator === '=' ? right : this.#apply(operator.slice(0, -1), this.#variable(name), right);
    this.#variables.set(name, value);
    return value;
  }

  #comparison(): Decimal {
    let left = this.#sum();
    for (;;) {
      const operator = ['<=', '>=', '==', '!=', '<', '>'].find((one) => this.#take(one));
      if (operator === undefined) return left;
      const [a, b] = aligned(left, this.#sum());
      const holds = { '<': a < b, '>': a > b, '<=': a <= b, '>=': a >= b, '==': a === b, '!=': a !== b }[operator] === true;
      left = { digits: holds ? 1n : 0n, scale: 0 };
    }
  }

  #sum(): Decimal {
    let left = this.#product();
    for (;;) {
      const operator = ['+', '-'].find((one) => this.#take(one));
      if (operator === undefined) return left;
      left = this.#apply(operator, left, this.#product());
    }
  }

  #product(): Decimal {
    let left = this.#unary();
    for (;;) {
      const operator = ['*', '/', '%'].find((one) => this.#take(one));
      if (operator === undefined) return left;
      left = this.#apply(operator, left, this.#unary());
    }
  }

  #unary(): Decimal {
    if (this.#take('-')) {
      const value = this.#unary();
      return { ...value, digits: -value.digits };
    }
    const base = this.#primary();
    return this.#take('^') ? this.#apply('^', base, this.#unary()) : base;
  }

  #primary(): Decimal {
    const token = this.#tokens[this.#at++] ?? '';
    if (token === '(') {
      const value = this.#assignment();
      if (!this.#take(')')) throw new ToolFailure('syntax error');
      return value;
    }
    if (/^[\d.]/.test(token)) return parse(token);
    if (!/^[a-z_]/.test(token)) throw new ToolFailure('syntax error');
    if (!this.#take('(')) return this.#variable(token);
    const value = this.#assignment();
    if (!this.#take(')')) throw new ToolFailure('syntax error');
    return this.#function(token, value);
  }

  #function(name: string, value: Decimal): Decimal {
    const scale = Math.max(this.#scale, value.scale);
    switch (name) {
      case 'sqrt':
        return { digits: squareRoot(value.digits * 10n ** BigInt(2 * scale - value.scale)), scale };
      case 'length':
        return { digits: BigInt(String(value.digits).replace('-', '').length), scale: 0 };
      case 'scale':
        return { digits: BigInt(value.scale), scale: 0 };
      default: {
        const work = { s: Math.sin, c: Math.cos, a: Math.atan, l: Math.log, e: Math.exp }[name];
        if (work === undefined) throw new ToolFailure(`Function ${name} not defined.`);
        return parse(work(Number(show(value))).toFixed(Math.min(scale, 15)));
      }
    }
  }

  #variable(name: string): Decimal {
    return this.#variables.get(name) ?? { digits: 0n, scale: 0 };
  }

  #apply(operator: string, left: Decimal, right: Decimal): Decimal {
    const [a, b] = aligned(left, right);
    const scale = Math.max(left.scale, right.scale);
    switch (operator) {
      case '+':
        return { digits: a + b, scale };
      case '-':
        return { digits: a - b, scale };
      case '*': {
        const kept = Math.min(left.scale + right.scale, Math.max(this.#scale, scale));
        return rescale({ digits: left.digits * right.digits, scale: left.scale + right.scale }, kept);
      }
      case '/':
        if (b === 0n) throw new ToolFailure('Runtime error: Divide by zero');
        return { digits: (a * 10n ** BigInt(this.#scale)) / b, scale: this.#scale };
      case '%': {
        const quotient = this.#apply('/', left, right);
        return this.#apply('-', left, { digits: quotient.digits * right.digits, scale: quotient.scale + right.scale });
      }
      default:
        return this.#power(left, right.digits / 10n ** BigInt(right.scale));
    }
  }

  #power(base: Decimal, exponent: bigint): Decimal {
    if (exponent < 0n) return this.#apply('/', { digits: 1n, scale: 0 }, this.#power(base, -exponent));
    const whole = { digits: base.digits ** exponent, scale: base.scale * Number(exponent) };
    return rescale(whole, Math.min(whole.scale, Math.max(this.#scale, base.scale)));
  }

  #take(token: string): boolean {
    if (this.#tokens[this.#at] !== token) return false;
    this.#at++;
    return true;
  }
}

function tokenize(statement: string): string[] {
  const tokens: string[] = [];
  TOKEN.lastIndex = 0;
  const source = statement.trim();
  while (TOKEN.lastIndex < source.length) {
    const token = TOKEN.exec(source)?.[1];
    if (token === undefined) throw new ToolFailure('syntax error');
    tokens.push(token);
  }
  return tokens;
}

function parse(text: string): Decimal {
  const [whole = '', fraction = ''] = text.split('.');
  return { digits: BigInt(whole + fraction || '0'), scale: fraction.length };
}

function aligned(a: Decimal, b: Decimal): [bigint, bigint] {
  const scale = Math.max(a.scale, b.scale);
  return [a.digits * 10n ** BigInt(scale - a.scale), b.digits * 10n ** BigInt(scale - b.scale)];
}

function rescale({ digits, scale }: Decimal, wanted: number): Decimal {
  return wanted >= scale ? { digits, scale } : { digits: digits / 10n ** BigInt(scale - wanted), scale: wanted };
}

function squareRoot(value: bigint): bigint {
  if (value < 0n) throw new ToolFailure('Runtime error: Square root of a negative number');
  if (value < 2n) return value;
  let guess = 1n << BigInt(Math.ceil(value.toString(2).length / 2));
  for (;;) {
    const better = (guess + value / guess) >> 1n;
    if (better >= guess) return guess;
    guess = better;
  }
}

function show({ digits, scale }: Decimal): string {
  if (scale === 0) return digits.toString();
  const text = (digits < 0n ? -digits : digits).toString().padStart(scale + 1, '0');
  const whole = text.slice(0, -scale);
  return `${digits < 0n ? '-' : ''}${whole === '0' ? '' : whole}.${text.slice(-scale)}`;
}
