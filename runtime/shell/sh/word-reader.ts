// Reads one shell word: quotes, escapes, `$name`, `${...}`, `$(...)`, `$((...))`, backquotes. Pure.
import { ShellSyntaxError, type Word, type WordPart } from './syntax.ts';

const WORD_END = /[\s;&|<>()]/;
const NAME = /^(?:[A-Za-z_]\w*|[0-9@*#?$!-])/;
const OPERATOR = /^(?::?[-=+?]|%%?|##?)/;

export class WordReader {
  at = 0;
  readonly #source: string;

  constructor(source: string) {
    this.#source = source;
  }

  /** A text in which only `$`, backquotes and backslashes mean something: a here-document. */
  static quotedText(text: string): Word {
    const reader = new WordReader(text);
    const parts: WordPart[] = [];
    while (reader.at < text.length) reader.#quotedPart(parts, null);
    return parts;
  }

  /** `null` where no word begins. */
  word(): Word | null {
    const parts: WordPart[] = [];
    const start = this.at;
    for (let character = this.#source[this.at]; character !== undefined && !WORD_END.test(character); character = this.#source[this.at])
      this.#part(parts, character);
    return this.at === start ? null : parts;
  }

  #part(parts: WordPart[], character: string): void {
    switch (character) {
      case "'": {
        const end = this.#source.indexOf("'", this.at + 1);
        if (end === -1) throw new ShellSyntaxError('unterminated quoted string', true);
        parts.push({ type: 'text', text: this.#source.slice(this.at + 1, end), isQuoted: true });
        this.at = end + 1;
        return;
      }
      case '"':
        this.#doubleQuoted(parts);
        return;
      case '\\':
        this.#escape(parts);
        return;
      case '$':
        this.#dollar(parts, false);
        return;
      case '`':
        this.#backquote(parts, false);
        return;
      default:
        this.#push(parts, character, false);
        this.at++;
    }
  }

  #escape(parts: WordPart[]): void {
    const next = this.#source[this.at + 1];
    if (next === undefined) throw new ShellSyntaxError('unterminated escape', true);
    if (next !== '\n') parts.push({ type: 'text', text: next, isQuoted: true });
    this.at += 2;
  }

  #doubleQuoted(parts: WordPart[]): void {
    this.at++;
    parts.push({ type: 'text', text: '', isQuoted: true });
    while (this.#source[this.at] !== '"') {
      if (this.at >= this.#source.length) throw new ShellSyntaxError('unterminated quoted string', true);
      this.#quotedPart(parts, '"');
    }
    this.at++;
  }

  #quotedPart(parts: WordPart[], quote: string | null): void {
    const character = this.#source[this.at] ?? '';
    if (character === '$') return this.#dollar(parts, true);
    if (character === '`') return this.#backquote(parts, true);
    const next = this.#source[this.at + 1];
    if (character === '\\' && next !== undefined && ('$`\\\n'.includes(next) || next === quote)) {
      if (next !== '\n') this.#push(parts, next, true);
      this.at += 2;
      return;
    }
    this.#push(parts, character, true);
    this.at++;
  }

  #push(parts: WordPart[], text: string, isQuoted: boolean): void {
    const last = parts.at(-1);
    if (last?.type === 'text' && last.isQuoted === isQuoted) parts[parts.length - 1] = { ...last, text: last.text + text };
    else parts.push({ type: 'text', text, isQuoted });
  }

  #dollar(parts: WordPart[], isQuoted: boolean): void {
    const rest = this.#source.slice(this.at + 1);
    if (rest.startsWith('((')) {
      const end = this.#matching(this.at + 1, '(', ')');
      parts.push({ type: 'arithmetic', expression: WordReader.quotedText(this.#source.slice(this.at + 3, end - 1)), isQuoted });
      this.at = end + 1;
      return;
    }
    if (rest.startsWith('(')) {
      const end = this.#matching(this.at + 1, '(', ')');
      parts.push({ type: 'command', source: this.#source.slice(this.at + 2, end), isQuoted });
      this.at = end + 1;
      return;
    }
    if (rest.startsWith('{')) return this.#braced(parts, isQuoted);
    const name = NAME.exec(rest)?.[0];
    if (name === undefined) {
      this.#push(parts, '$', isQuoted);
      this.at++;
      return;
    }
    parts.push({ type: 'parameter', name, operator: '', argument: null, isQuoted });
    this.at += 1 + name.length;
  }

  #braced(parts: WordPart[], isQuoted: boolean): void {
    const end = this.#matching(this.at + 1, '{', '}');
    const inside = this.#source.slice(this.at + 2, end);
    this.at = end + 1;
    if (inside.startsWith('#') && inside.length > 1) {
      parts.push({ type: 'parameter', name: inside.slice(1), operator: 'length', argument: null, isQuoted });
      return;
    }
    const name = /^(?:[A-Za-z_]\w*|\d+|[@*#?$!-])/.exec(inside)?.[0];
    if (name === undefined) throw new ShellSyntaxError(`\${${inside}}: bad substitution`);
    const operator = OPERATOR.exec(inside.slice(name.length))?.[0] ?? '';
    if (operator === '' && inside.length > name.length) throw new ShellSyntaxError(`\${${inside}}: bad substitution`);
    const argument = operator === '' ? null : WordReader.#argument(inside.slice(name.length + operator.length), isQuoted);
    parts.push({ type: 'parameter', name, operator, argument, isQuoted });
  }

  /** A word that may hold blanks. */
  static #argument(text: string, isQuoted: boolean): Word {
    if (isQuoted) return WordReader.quotedText(text);
    const reader = new WordReader(text);
    const parts: WordPart[] = [];
    while (reader.at < text.length) reader.#part(parts, text[reader.at] ?? '');
    return parts;
  }

  #backquote(parts: WordPart[], isQuoted: boolean): void {
    let end = this.at + 1;
    while (this.#source[end] !== '`') {
      if (end >= this.#source.length) throw new ShellSyntaxError('unterminated backquote', true);
      end += this.#source[end] === '\\' ? 2 : 1;
    }
    parts.push({ type: 'command', source: this.#source.slice(this.at + 1, end).replaceAll(/\\([$`\\])/g, '$1'), isQuoted });
    this.at = end + 1;
  }

  /** Index of the bracket that closes the one at `start`; quotes inside are skipped. */
  #matching(start: number, open: string, close: string): number {
    let depth = 0;
    for (let index = start; index < this.#source.length; index++) {
      const character = this.#source[index];
      if (character === '\\') index++;
      else if (character === "'" || character === '"') index = this.#skipQuote(index, character);
      else if (character === open) depth++;
      else if (character === close && --depth === 0) return index;
    }
    throw new ShellSyntaxError(`missing '${close}'`, true);
  }

  #skipQuote(start: number, quote: string): number {
    for (let index = start + 1; index < this.#source.length; index++) {
      if (quote === '"' && this.#source[index] === '\\') index++;
      else if (this.#source[index] === quote) return index;
    }
    throw new ShellSyntaxError('unterminated quoted string', true);
  }
}
