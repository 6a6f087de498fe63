// Expands words: parameters, command substitution, arithmetic, field splitting, globs, quote removal.
import type { FileSystem } from '../../fs/file-system.ts';
import { evaluateArithmetic } from './arithmetic.ts';
import { expandGlob, globExpression, hasGlob } from './glob.ts';
import type { ShellState } from './state.ts';
import type { Word, WordPart } from './syntax.ts';

interface Segment {
  readonly text: string;
  readonly isQuoted: boolean;
  /** Begins a new field whatever came before: the items of `"$@"`. */
  readonly breaksBefore?: boolean;
}

export interface ExpansionHost {
  readonly fs: FileSystem;
  /** Runs a command substitution; returns its output. */
  substitute(source: string): Promise<string>;
}

/** An expansion failed: the command does not run. */
export class ExpansionError extends Error {}

export class Expander {
  readonly #state: ShellState;
  readonly #host: ExpansionHost;

  constructor(state: ShellState, host: ExpansionHost) {
    this.#state = state;
    this.#host = host;
  }

  /** The fields that words become as arguments. */
  async fields(words: readonly Word[]): Promise<string[]> {
    const fields: string[] = [];
    for (const word of words) fields.push(...(await this.#wordFields(word)));
    return fields;
  }

  /** One string: no splitting, no globs. For assignments, redirects, `case`. */
  async text(word: Word): Promise<string> {
    return (await this.#segments(word)).map(({ text }) => text).join('');
  }

  /** A pattern in which what was quoted is literal. */
  async pattern(word: Word): Promise<string> {
    return (await this.#segments(word)).map(({ text, isQuoted }) => (isQuoted ? escapeGlob(text) : text)).join('');
  }

  async #wordFields(word: Word): Promise<string[]> {
    const segments = await this.#segments(tilde(word, this.#state.get('HOME') ?? '/'));
    const hasEmptyQuote = word.some((part) => part.isQuoted && part.type === 'text');
    const fields = splitFields(segments, this.#state.get('IFS') ?? ' \t\n', hasEmptyQuote);
    return fields.flatMap((field) => this.#glob(field));
  }

  #glob(field: readonly Segment[]): string[] {
    const plain = field.map(({ text }) => text).join('');
    const pattern = field.map(({ text, isQuoted }) => (isQuoted ? escapeGlob(text) : text)).join('');
    if (!hasGlob(pattern)) return [plain];
    const found = expandGlob(this.#host.fs, this.#state.cwd, pattern);
    return found.length === 0 ? [plain] : found;
  }

  async #segments(word: Word): Promise<Segment[]> {
    const segments: Segment[] = [];
    for (const part of word) segments.push(...(await this.#part(part)));
    return segments;
  }

  async #part(part: WordPart): Promise<Segment[]> {
    const { isQuoted } = part;
    switch (part.type) {
      case 'text':
        return [{ text: part.text, isQuoted }];
      case 'command':
        return [{ text: (await this.#host.substitute(part.source)).replace(/\n+$/, ''), isQuoted }];
      case 'arithmetic': {
        const expression = await this.text(part.expression);
        return [
          {
            text: String(
              evaluateArithmetic(
                expression,
                (name) => this.#state.get(name) ?? '0',
                (name, value) => this.#state.set(name, value),
              ),
            ),
            isQuoted,
          },
        ];
      }
      case 'parameter':
        return this.#parameter(part);
      default:
        return part satisfies never;
    }
  }

  async #parameter(part: Extract<WordPart, { type: 'parameter' }>): Promise<Segment[]> {
    const { name, operator, isQuoted } = part;
    if ((name === '@' || (name === '*' && !isQuoted)) && operator === '') {
      return this.#state.arguments.map((text, index) => ({ text, isQuoted, breaksBefore: index > 0 }));
    }
    const value = this.#state.get(name);
    if (operator === 'length') return [{ text: String([...(value ?? '')].length), isQuoted }];
    if (operator === '') {
      if (value === undefined && this.#state.options.refusesUnset) throw new ExpansionError(`${name}: parameter not set`);
      return [{ text: value ?? '', isQuoted }];
    }
    return this.#operator(part, value);
  }

  async #operator(
    { name, operator, argument, isQuoted }: Extract<WordPart, { type: 'parameter' }>,
    value: string | undefined,
  ): Promise<Segment[]> {
    const word = argument ?? [];
    const isMissing = value === undefined || (operator.startsWith(':') && value === '');
    const plain = (text: string): Segment[] => [{ text, isQuoted }];
    switch (operator.replace(':', '')) {
      case '-':
        return isMissing ? this.#segments(word) : plain(value ?? '');
      case '=':
        if (!isMissing) return plain(value ?? '');
        this.#state.set(name, await this.text(word));
        return plain(this.#state.get(name) ?? '');
      case '+':
        return isMissing ? plain('') : this.#segments(word);
      case '?':
        if (isMissing) throw new ExpansionError(`${name}: ${(await this.text(word)) || 'parameter not set'}`);
        return plain(value ?? '');
      default:
        return plain(strip(value ?? '', operator, await this.pattern(word)));
    }
  }
}

/** `${v%p}`, `%%`, `#`, `##`: removes the shortest or longest match from an end. */
function strip(value: string, operator: string, pattern: string): string {
  const expression = globExpression(pattern);
  const isLongest = operator.length === 2;
  const lengths = Array.from({ length: value.length + 1 }, (_unused, length) => length);
  if (isLongest) lengths.reverse();
  for (const length of lengths) {
    const isPrefix = operator.startsWith('#');
    const part = isPrefix ? value.slice(0, length) : value.slice(value.length - length);
    if (expression.test(part)) return isPrefix ? value.slice(length) : value.slice(0, value.length - length);
  }
  return value;
}

function tilde(word: Word, home: string): Word {
  const [first, ...rest] = word;
  if (first?.type !== 'text' || first.isQuoted || !/^~(?=\/|$)/.test(first.text)) return word;
  return [{ ...first, text: home, isQuoted: true }, { type: 'text', text: first.text.slice(1), isQuoted: false }, ...rest];
}

function splitFields(segments: readonly Segment[], separators: string, hasEmptyQuote: boolean): Segment[][] {
  const fields: Segment[][] = [];
  let current: Segment[] | null = null;
  const end = (): void => {
    if (current !== null) fields.push(current);
    current = null;
  };
  for (const segment of segments) {
    if (segment.breaksBefore === true) end();
    if (segment.isQuoted) {
      (current ??= []).push(segment);
      continue;
    }
    const pieces = splitAt(segment.text, separators);
    for (const [index, piece] of pieces.entries()) {
      if (index > 0) end();
      if (piece !== '') (current ??= []).push({ text: piece, isQuoted: false });
    }
  }
  end();
  return fields.length === 0 && hasEmptyQuote ? [[]] : fields;
}

function splitAt(text: string, separators: string): string[] {
  const pieces: string[] = [''];
  for (const character of text) {
    if (separators.includes(character)) {
      if (pieces.at(-1) !== '' || pieces.length === 1) pieces.push('');
    } else pieces[pieces.length - 1] += character;
  }
  return pieces;
}

function escapeGlob(text: string): string {
  return text.replaceAll(/[*?[\]\\]/g, '\\$&');
}
