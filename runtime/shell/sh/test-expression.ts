// `test` and `[`: conditions on files, texts and numbers.
import type { FileSystem, Stat } from '../../fs/file-system.ts';
import { absolutePath } from '../paths.ts';
import { ShellSyntaxError } from './syntax.ts';

const S_IFMT = 0o170000;
const TYPES: Readonly<Record<string, number>> = {
  f: 0o100000,
  d: 0o040000,
  L: 0o120000,
  h: 0o120000,
  c: 0o020000,
  p: 0o010000,
  S: 0o140000,
  b: 0o060000,
};
const ACCESS: Readonly<Record<string, number>> = { r: 4, w: 2, x: 1 };

const SPECIAL_BITS: Readonly<Record<string, number>> = { u: 0o4000, g: 0o2000, k: 0o1000 };

export interface TestPlace {
  readonly fs: FileSystem;
  readonly cwd: string;
  isTerminal(fd: number): boolean;
}

/** Throws {@link ShellSyntaxError} for what is no expression. */
export function evaluateTest(args: readonly string[], place: TestPlace): boolean {
  const evaluator = new TestEvaluator(args, place);
  return args.length > 0 && evaluator.whole();
}

class TestEvaluator {
  readonly #args: readonly string[];
  readonly #place: TestPlace;
  #at = 0;

  constructor(args: readonly string[], place: TestPlace) {
    this.#args = args;
    this.#place = place;
  }

  whole(): boolean {
    const result = this.#or();
    if (this.#at < this.#args.length) throw new ShellSyntaxError(`unexpected operator '${this.#args[this.#at] ?? ''}'`);
    return result;
  }

  #or(): boolean {
    let result = this.#and();
    while (this.#take('-o')) result = this.#and() || result;
    return result;
  }

  #and(): boolean {
    let result = this.#primary();
    while (this.#take('-a')) result = this.#primary() && result;
    return result;
  }

  #primary(): boolean {
    const rest = this.#args.length - this.#at;
    const [first = '', second = '', third = ''] = this.#args.slice(this.#at);
    if (rest >= 3 && isBinary(second)) {
      this.#at += 3;
      return this.#binary(first, second, third);
    }
    if (first === '!' && rest > 1) {
      this.#at++;
      return !this.#primary();
    }
    if (first === '(' && rest > 2) {
      this.#at++;
      const inner = this.#or();
      this.#take(')');
      return inner;
    }
    if (rest >= 2 && /^-[a-zA-Z]$/.test(first)) {
      this.#at += 2;
      return this.#unary(first.slice(1), second);
    }
    this.#at++;
    return first !== '';
  }

  #unary(operator: string, operand: string): boolean {
    if (operator === 'n') return operand !== '';
    if (operator === 'z') return operand === '';
    if (operator === 't') return this.#place.isTerminal(Number(operand));
    const path = absolutePath(this.#place.cwd, operand);
    const access = ACCESS[operator];
    if (access !== undefined) return this.#place.fs.access(path, access) === 0;
    const stat = {} as Stat;
    const isLink = operator === 'L' || operator === 'h';
    if ((isLink ? this.#place.fs.lstat(path, stat) : this.#place.fs.stat(path, stat)) < 0) return false;
    if (operator === 'e') return true;
    if (operator === 's') return stat.size > 0;
    const special = SPECIAL_BITS[operator];
    if (special !== undefined) return (stat.mode & special) !== 0;
    if (operator === 'O' || operator === 'G') return true;
    const type = TYPES[operator];
    if (type === undefined) throw new ShellSyntaxError(`-${operator}: unknown operator`);
    return (stat.mode & S_IFMT) === type;
  }

  #binary(left: string, operator: string, right: string): boolean {
    switch (operator) {
      case '=':
      case '==':
        return left === right;
      case '!=':
        return left !== right;
      case '<':
        return left < right;
      case '>':
        return left > right;
      case '-nt':
        return this.#mtime(left) > this.#mtime(right);
      case '-ef':
        return this.#inode(left) !== -1 && this.#inode(left) === this.#inode(right);
      case '-ot':
        return this.#mtime(left) < this.#mtime(right);
      default:
        return compare(integer(left), operator, integer(right));
    }
  }

  #mtime(operand: string): number {
    const stat = {} as Stat;
    return this.#place.fs.stat(absolutePath(this.#place.cwd, operand), stat) < 0 ? -Infinity : stat.mtimeSec * 1000 + stat.mtimeNsec / 1e6;
  }

  #inode(operand: string): number {
    const stat = {} as Stat;
    return this.#place.fs.stat(absolutePath(this.#place.cwd, operand), stat) < 0 ? -1 : stat.ino;
  }

  #take(text: string): boolean {
    if (this.#args[this.#at] !== text) return false;
    this.#at++;
    return true;
  }
}

function isBinary(operator: string): boolean {
  return /^(?:==?|!=|<|>|-(?:eq|ne|lt|le|gt|ge|nt|ot|ef))$/.test(operator);
}

function integer(text: string): number {
  if (!/^\s*[-+]?\d+\s*$/.test(text)) throw new ShellSyntaxError(`Illegal number: ${text}`);
  return Number(text);
}

function compare(a: number, operator: string, b: number): boolean {
  switch (operator) {
    case '-eq':
      return a === b;
    case '-ne':
      return a !== b;
    case '-lt':
      return a < b;
    case '-le':
      return a <= b;
    case '-gt':
      return a > b;
    default:
      return a >= b;
  }
}
