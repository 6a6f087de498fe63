// Reads one shell word: quotes, escapes, `$name`, `${...}`, `$(...)`, `$((...))`, backquotes. Pure.
import { type List, ShellSyntaxError, type Word, type WordPart } from './syntax.ts';
import { ansiEscapes } from './ansi-escapes.ts';

const WORD_END = /[\s;&|<>()]/;
const NAME = /^(?:[A-Za-z_]\w*|[0-9@*#?$!-])/;
const BRACED_NAME = /^(?:[A-Za-z_]\w*|\d+|[@*#?$!-])/;
const OPERATOR = /^(?::?[-=+?]|%%?|##?|\/[/#%]?|\^\^?|,,?|:|@[QULu])/;
const EXTENDED_GLOB = /^[?*+@!]\(/;

/** Parses commands from `at` up to the closing bracket; returns where that stands. */
export type NestedList = (source: string, at: number) => { readonly list: List; readonly at: number };

export class WordReader {
  at = 0;
  readonly #source: string;
  readonly #nested: NestedList;

  constructor(source: string, nested: NestedList) {
    this.#source = source;
    this.#nested = nested;
  }

  /** A text in which only `$`, backquotes and backslashes mean something: a here-document, an arithmetic expression. */
  static quotedText(text: string, nested: NestedList): Word {
    const reader = new WordReader(text, nested);
    const parts: WordPart[] = [];
    while (reader.at < text.length) reader.#quotedPart(parts, null);
    return parts;
  }

  /** A word that may hold blanks and operators. */
  static freeText(text: string, nested: NestedList): Word {
    const reader = new WordReader(text, nested);
    const parts: WordPart[] = [];
    while (reader.at < text.length) reader.#part(parts, text[reader.at] ?? '');
    return parts;
  }

  /** `null` where no word begins. */
  word(): Word | null {
    const parts: WordPart[] = [];
    const start = this.at;
    let depth = 0;
    for (let character = this.#source[this.at]; character !== undefined; character = this.#source[this.at]) {
      const rest = this.#source.slice(this.at, this.at + 2);
      if (rest === '<(' || rest === '>(') {
        this.#process(parts, character as '<' | '>');
        continue;
      }
      if (EXTENDED_GLOB.test(rest) && !(character === '!' && this.at === start)) {
        this.#push(parts, rest, false);
        this.at += 2;
        depth++;
        continue;
      }
      if (depth === 0 && WORD_END.test(character)) break;
      if (depth > 0 && /[()|]/.test(character)) {
        depth += character === '(' ? 1 : character === ')' ? -1 : 0;
        this.#push(parts, character, false);
        this.at++;
        continue;
      }
      this.#part(parts, character);
    }
    return this.at === start ? null : parts;
  }

  /** The right side of `=~`: up to a blank outside of brackets. */
  regularExpression(): Word {
    const parts: WordPart[] = [];
    let depth = 0;
    for (let character = this.#source[this.at]; character !== undefined; character = this.#source[this.at]) {
      if (/\s/.test(character) && depth <= 0) break;
      if (character === '(' || character === ')') depth += character === '(' ? 1 : -1;
      if (/[\s;&|<>()]/.test(character)) {
        this.#push(parts, character, false);
        this.at++;
      } else this.#part(parts, character);
    }
    return parts;
  }

  /** Between `((` and `))`, `at` standing on the first bracket; `null` where the brackets are no arithmetic. */
  doubleBracket(): string | null {
    let depth = 0;
    for (let index = this.at; index < this.#source.length; index++) {
      const character = this.#source[index];
      if (character === '\\') index++;
      else if (character === "'" || character === '"') index = this.#skipQuote(index, character);
      else if (character === '(') depth++;
      else if (character === ')' && --depth === 0) {
        if (this.#source[index - 1] !== ')') return null;
        const inside = this.#source.slice(this.at + 2, index - 1);
        this.at = index + 1;
        return inside;
      }
    }
    throw new ShellSyntaxError("missing '))'", true);
  }

  #process(parts: WordPart[], direction: '<' | '>'): void {
    const { list, at } = this.#nested(this.#source, this.at + 2);
    parts.push({ type: 'process', direction, body: list, isQuoted: false });
    this.at = at + 1;
  }

  #part(parts: WordPart[], character: string): void {
    switch (character) {
      case "'": {
        const end = this.#source.indexOf("'", this.at + 1);
        if (end === -1) throw new ShellSyntaxError('Unterminated quoted string', true);
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
    if (next === undefined) {
      // As dash and bash: a backslash at the very end stands for itself.
      this.#push(parts, '\\', true);
      this.at++;
      return;
    }
    if (next !== '\n') parts.push({ type: 'text', text: next, isQuoted: true });
    this.at += 2;
  }

  #doubleQuoted(parts: WordPart[]): void {
    this.at++;
    parts.push({ type: 'text', text: '', isQuoted: true });
    while (this.#source[this.at] !== '"') {
      if (this.at >= this.#source.length) throw new ShellSyntaxError('Unterminated quoted string', true);
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
    const next = this.#source.slice(this.at + 1, this.at + 3);
    if (next === '((') {
      const start = this.at++;
      const inside = this.doubleBracket();
      if (inside !== null) {
        parts.push({ type: 'arithmetic', expression: WordReader.quotedText(inside, this.#nested), isQuoted });
        return;
      }
      this.at = start;
    }
    if (next.startsWith('(')) {
      const { list, at } = this.#nested(this.#source, this.at + 2);
      parts.push({ type: 'command', body: list, isQuoted });
      this.at = at + 1;
      return;
    }
    if (next.startsWith('{')) return this.#braced(parts, isQuoted);
    if (next.startsWith("'") && !isQuoted) return this.#ansiQuoted(parts);
    if (next.startsWith('"') && !isQuoted) {
      this.at++;
      return this.#doubleQuoted(parts);
    }
    const name = NAME.exec(this.#source.slice(this.at + 1, this.at + 256))?.[0];
    if (name === undefined) {
      this.#push(parts, '$', isQuoted);
      this.at++;
      return;
    }
    parts.push({ type: 'parameter', name, index: null, operator: '', argument: null, second: null, isIndirect: false, isQuoted });
    this.at += 1 + name.length;
  }

  #ansiQuoted(parts: WordPart[]): void {
    const end = this.#skipQuote(this.at + 1, '"', "'");
    parts.push({ type: 'text', text: ansiEscapes(this.#source.slice(this.at + 2, end)), isQuoted: true });
    this.at = end + 1;
  }

  #braced(parts: WordPart[], isQuoted: boolean): void {
    const end = this.#closingBrace(this.at + 2, isQuoted);
    let inside = this.#source.slice(this.at + 2, end);
    this.at = end + 1;
    const bad = (): ShellSyntaxError => new ShellSyntaxError(`\${${inside}}: Bad substitution`);
    const isLength = /^#(?=[A-Za-z_@*\d])/.test(inside) || /^#[?$!#-]$/.test(inside);
    if (isLength) inside = inside.slice(1);
    const isIndirect = /^!(?=[\w@*#])/.test(inside);
    if (isIndirect) inside = inside.slice(1);
    const name = BRACED_NAME.exec(inside)?.[0];
    if (name === undefined) throw bad();
    let rest = inside.slice(name.length);
    let index: Word | null = null;
    if (rest.startsWith('[')) {
      const close = matchingBracket(rest);
      if (close === -1) throw bad();
      index = WordReader.quotedText(rest.slice(1, close), this.#nested);
      rest = rest.slice(close + 1);
    }
    const found = OPERATOR.exec(rest)?.[0] ?? '';
    if ((found === '' && rest !== '') || (isLength && rest !== '')) throw bad();
    const operator = isLength ? 'length' : found;
    const text = rest.slice(found.length);
    const [argument, second] = found === '' ? [null, null] : this.#arguments(operator, text, isQuoted);
    parts.push({ type: 'parameter', name, index, operator, argument, second, isIndirect, isQuoted });
  }

  #arguments(operator: string, text: string, isQuoted: boolean): [Word, Word | null] {
    const separator = operator === ':' ? ':' : operator.startsWith('/') ? '/' : null;
    // In quotes the word of `-` and its kind stays quoted; a pattern has quotes of its own.
    const isPlain = isQuoted && /^:?[-=+?]$/.test(operator);
    const read = (part: string): Word =>
      isPlain
        ? this.#quotedArgument(part)
        : operator === ':'
          ? WordReader.quotedText(part, this.#nested)
          : WordReader.freeText(part, this.#nested);
    if (separator === null) return [read(text), null];
    const at = splitPoint(text, separator);
    return at === -1 ? [read(text), null] : [read(text.slice(0, at)), read(text.slice(at + 1))];
  }

  /** Inside `"${x:-...}"` double quotes group and vanish. */
  #quotedArgument(text: string): Word {
    const reader = new WordReader(text, this.#nested);
    const parts: WordPart[] = [];
    while (reader.at < text.length) {
      if (text[reader.at] === '"') reader.at++;
      else reader.#quotedPart(parts, '"');
    }
    return parts;
  }

  #backquote(parts: WordPart[], isQuoted: boolean): void {
    let end = this.at + 1;
    while (this.#source[end] !== '`') {
      if (end >= this.#source.length) throw new ShellSyntaxError('EOF in backquote substitution', true);
      end += this.#source[end] === '\\' ? 2 : 1;
    }
    const text = this.#source.slice(this.at + 1, end).replaceAll(isQuoted ? /\\([$`\\"])/g : /\\([$`\\])/g, '$1');
    parts.push({ type: 'command', body: this.#nested(`${text}\n)`, 0).list, isQuoted });
    this.at = end + 1;
  }

  /** Index of the `}` that ends a parameter whose inside starts at `start`. */
  #closingBrace(start: number, isQuoted: boolean): number {
    for (let index = start; index < this.#source.length; index++) {
      const character = this.#source[index];
      if (character === '}') return index;
      if (character === '\\') index++;
      else if (character === '"') index = this.#skipQuote(index, '"');
      else if (character === "'" && !isQuoted) index = this.#skipQuote(index, "'");
      else if (character === '`') index = this.#skipQuote(index, '"', '`');
      else if (character === '$' && this.#source[index + 1] === '{') index = this.#closingBrace(index + 2, isQuoted);
      else if (character === '$' && this.#source[index + 1] === '(') {
        index = this.#source[index + 2] === '(' ? this.#arithmeticEnd(index + 1) : this.#nested(this.#source, index + 2).at;
      }
    }
    throw new ShellSyntaxError("Missing '}'", true);
  }

  #arithmeticEnd(start: number): number {
    const reader = new WordReader(this.#source, this.#nested);
    reader.at = start;
    return reader.doubleBracket() === null ? this.#nested(this.#source, start + 1).at : reader.at - 1;
  }

  /** Index of the closing quote. `kind` double: backslashes escape. */
  #skipQuote(start: number, kind: string, quote = kind): number {
    for (let index = start + 1; index < this.#source.length; index++) {
      if (kind === '"' && this.#source[index] === '\\') index++;
      else if (this.#source[index] === quote) return index;
    }
    throw new ShellSyntaxError('Unterminated quoted string', true);
  }
}

/** Index of the `]` that closes the `[` a text starts with. */
export function matchingBracket(text: string): number {
  let depth = 0;
  for (let index = 0; index < text.length; index++) {
    if (text[index] === '[') depth++;
    else if (text[index] === ']' && --depth === 0) return index;
  }
  return -1;
}

/** The first separator outside of quotes, escapes and nested parameters. */
function splitPoint(text: string, separator: string): number {
  let depth = 0;
  for (let index = 0; index < text.length; index++) {
    const character = text[index];
    if (character === '\\') index++;
    else if (character === "'" || character === '"') {
      const end = text.indexOf(character, index + 1);
      if (end !== -1) index = end;
    } else if (character === '{' || character === '(' || character === '?') depth += character === '?' ? 0 : 1;
    else if (character === '}' || character === ')') depth--;
    else if (character === separator && depth === 0) return index;
  }
  return -1;
}
