// The inside of `[[ ... ]]`. Pure.
import { type Condition, ShellSyntaxError, type Word } from './syntax.ts';
import type { WordReader } from './word-reader.ts';

const BINARY = /^(?:==?|!=|=~|<|>|-(?:eq|ne|lt|le|gt|ge|nt|ot|ef))$/;
const UNARY = /^-[a-zA-Z]$/;

export class ConditionParser {
  readonly #reader: WordReader;
  readonly #source: string;

  /** `reader` stands behind `[[`. */
  constructor(reader: WordReader, source: string) {
    this.#reader = reader;
    this.#source = source;
  }

  /** Leaves the reader behind `]]`. */
  parse(): Condition {
    const condition = this.#or();
    this.#blanks();
    if (!this.#take(']]')) throw new ShellSyntaxError("Syntax error: missing ']]'", this.#reader.at >= this.#source.length);
    return condition;
  }

  #or(): Condition {
    let left = this.#and();
    while (this.#take('||')) left = { type: 'or', left, right: this.#and() };
    return left;
  }

  #and(): Condition {
    let left = this.#not();
    while (this.#take('&&')) left = { type: 'and', left, right: this.#not() };
    return left;
  }

  #not(): Condition {
    this.#blanks();
    if (/^!\s/.test(this.#source.slice(this.#reader.at, this.#reader.at + 2))) {
      this.#reader.at++;
      return { type: 'not', inner: this.#not() };
    }
    if (this.#take('(')) {
      const inner = this.#or();
      if (!this.#take(')')) throw new ShellSyntaxError("Syntax error: missing ')'");
      return inner;
    }
    return this.#primary();
  }

  #primary(): Condition {
    const first = this.#word();
    const text = plain(first);
    if (UNARY.test(text) && !/^(?:&&|\|\||\]\]|\))/.test(this.#ahead()))
      return { type: 'unary', operator: text.slice(1), operand: this.#word() };
    const operator = this.#operator();
    if (operator === null) return { type: 'word', word: first };
    this.#blanks();
    const right = operator === '=~' ? this.#reader.regularExpression() : this.#word();
    return { type: 'binary', operator, left: first, right };
  }

  #operator(): string | null {
    const found = /^(?:[<>]|[^\s<>&|()]+)/.exec(this.#ahead())?.[0] ?? '';
    if (!BINARY.test(found)) return null;
    this.#reader.at += found.length;
    return found;
  }

  #word(): Word {
    this.#blanks();
    const word = this.#reader.word();
    if (word === null) throw new ShellSyntaxError('Syntax error in [[', this.#reader.at >= this.#source.length);
    return word;
  }

  #ahead(): string {
    this.#blanks();
    return this.#source.slice(this.#reader.at, this.#reader.at + 8);
  }

  #blanks(): void {
    while (/\s/.test(this.#source[this.#reader.at] ?? '')) this.#reader.at++;
  }

  #take(text: string): boolean {
    this.#blanks();
    if (!this.#source.startsWith(text, this.#reader.at)) return false;
    this.#reader.at += text.length;
    return true;
  }
}

function plain(word: Word): string {
  const [only] = word;
  return word.length === 1 && only?.type === 'text' && !only.isQuoted ? only.text : '';
}
