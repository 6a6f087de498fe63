// Expands words: braces, tilde, parameters, command substitution, arithmetic, field splitting, globs, quote removal.
import type { FileSystem } from '../../fs/file-system.ts';
import { evaluateArithmetic } from './arithmetic.ts';
import { ExpansionError } from './expansion-error.ts';
import { expandBraces } from './braces.ts';
import { type Field, type Segment, splitFields } from './fields.ts';
import { escapeGlob, expandGlob, hasGlob } from './glob.ts';
import { ParameterExpander } from './parameters.ts';
import type { ShellState } from './state.ts';
import type { List, Word, WordPart } from './syntax.ts';

export interface ExpansionHost {
  readonly fs: FileSystem;
  /** Runs a command substitution; returns its output. */
  substitute(body: List): Promise<string>;
  /** Runs a process substitution; returns a path to read from or write to. */
  substituteProcess(direction: '<' | '>', body: List): Promise<string>;
}

export class Expander {
  readonly #state: ShellState;
  readonly #host: ExpansionHost;
  readonly #parameters: ParameterExpander;

  constructor(state: ShellState, host: ExpansionHost) {
    this.#state = state;
    this.#host = host;
    this.#parameters = new ParameterExpander(state, this);
  }

  /** The fields that words become as arguments. */
  async fields(words: readonly Word[]): Promise<string[]> {
    const fields: string[] = [];
    for (const word of words) {
      for (const one of this.#state.isBash ? expandBraces(word) : [word]) fields.push(...(await this.#wordFields(one)));
    }
    return fields;
  }

  /** One string: no splitting, no globs. For assignments, redirects, `case`. */
  async text(word: Word, isAssignment = false): Promise<string> {
    const segments = await this.segments(isAssignment ? this.#assignmentTilde(word) : this.#tilde(word));
    return segments.map(({ text, breaksBefore }) => (breaksBefore === true ? ` ${text}` : text)).join('');
  }

  /** A pattern in which what was quoted is literal. */
  async pattern(word: Word): Promise<string> {
    return (await this.segments(word)).map(({ text, isQuoted }) => (isQuoted ? escapeGlob(text) : text)).join('');
  }

  async arithmetic(expression: Word): Promise<bigint> {
    return this.evaluate(await this.text(expression));
  }

  /** An integer expression over the shell's variables. */
  evaluate(expression: string): bigint {
    const key = (name: string, index: string): string => (this.#state.isAssociative(name) ? index : String(this.evaluate(index)));
    return evaluateArithmetic(expression.replaceAll('"', ''), {
      get: (name, index) => (index === null ? this.#state.get(name) : this.#state.element(name, key(name, index))) ?? this.#unset(name),
      set: (name, index, value) => (index === null ? this.#state.set(name, value) : this.#state.setElement(name, key(name, index), value)),
    });
  }

  async segments(word: Word): Promise<Segment[]> {
    const segments: Segment[] = [];
    for (const part of word) {
      if (part.type === 'text') segments.push({ text: part.text, isQuoted: part.isQuoted, splits: false });
      else segments.push(...(await this.#part(part)));
    }
    return segments;
  }

  #unset(name: string): string {
    if (this.#state.has('nounset')) throw new ExpansionError(`${name}: parameter not set`);
    return '';
  }

  async #wordFields(word: Word): Promise<string[]> {
    const fields = splitFields(await this.segments(this.#tilde(word)), this.#state.get('IFS') ?? ' \t\n');
    return fields.flatMap((field) => this.#glob(field));
  }

  #glob(field: Field): string[] {
    const plain = field.map(({ text }) => text).join('');
    if (this.#state.has('noglob') || !field.some(({ text, isQuoted }) => !isQuoted && /[*?[(]/.test(text))) return [plain];
    const pattern = field.map(({ text, isQuoted }) => (isQuoted ? escapeGlob(text) : text)).join('');
    if (!hasGlob(pattern)) return [plain];
    const { shellOptions, cwd } = this.#state;
    const found = expandGlob(this.#host.fs, cwd, pattern, {
      isGlobstar: shellOptions.has('globstar'),
      showsHidden: shellOptions.has('dotglob'),
    });
    if (found.length === 0 && shellOptions.has('failglob')) throw new ExpansionError(`no match: ${plain}`);
    return found.length > 0 ? found : shellOptions.has('nullglob') ? [] : [plain];
  }

  async #part(part: Exclude<WordPart, { type: 'text' }>): Promise<Segment[]> {
    const { isQuoted } = part;
    const plain = (text: string): Segment[] => [{ text, isQuoted, splits: !isQuoted }];
    switch (part.type) {
      case 'command':
        return plain((await this.#host.substitute(part.body)).replace(/\n+$/, ''));
      case 'process':
        return [{ text: await this.#host.substituteProcess(part.direction, part.body), isQuoted: true, splits: false }];
      case 'arithmetic':
        return plain(String(await this.arithmetic(part.expression)));
      case 'parameter':
        return this.#parameters.expand(part);
      default:
        return part satisfies never;
    }
  }

  #tilde(word: Word): Word {
    const [first, ...rest] = word;
    const match = first?.type === 'text' && !first.isQuoted ? /^~([\w.-]*)(?=\/|$)/.exec(first.text) : null;
    if (first?.type !== 'text' || match === null || (match[0] === first.text && rest.length > 0 && rest[0]?.isQuoted === true)) return word;
    const home = this.#home(match[1] ?? '');
    return home === null
      ? word
      : [{ type: 'text', text: home, isQuoted: true }, { ...first, text: first.text.slice(match[0].length) }, ...rest];
  }

  /** In an assignment a tilde counts behind each colon as well. */
  #assignmentTilde(word: Word): Word {
    return word.flatMap((part, index) => {
      if (part.type !== 'text' || part.isQuoted || !part.text.includes('~')) return [part];
      const text = part.text.replaceAll(/(^|:)~(?=[/:]|$)/g, (whole, before: string, offset: number) =>
        before === '' && (index > 0 || offset > 0) ? whole : `${before}${this.#home('') ?? '~'}`,
      );
      return [{ ...part, text }];
    });
  }

  #home(user: string): string | null {
    if (user === '') return this.#state.get('HOME') ?? '/';
    return user === 'root' ? '/root' : user === 'user' ? '/home/user' : null;
  }
}
