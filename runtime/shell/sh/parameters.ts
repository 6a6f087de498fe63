// `$name` and `${name...}`: values, arrays, defaults, lengths, substrings, pattern removal and replacement, case.
import type { Expander } from './expansion.ts';
import { ExpansionError } from './expansion-error.ts';
import type { Segment } from './fields.ts';
import { globExpression, globSource } from './glob.ts';
import { ReadonlyError, type ShellState } from './state.ts';
import type { ParameterPart, Word } from './syntax.ts';

/** What a parameter stands for: one text, or the items of `$@`, `$*` and arrays. */
type Found =
  | { readonly kind: 'text'; readonly text: string | undefined }
  | { readonly kind: 'list'; readonly items: readonly string[]; readonly joins: boolean };

export class ParameterExpander {
  readonly #state: ShellState;
  readonly #expander: Expander;

  constructor(state: ShellState, expander: Expander) {
    this.#state = state;
    this.#expander = expander;
  }

  async expand(part: ParameterPart): Promise<Segment[]> {
    const found = await this.#find(part);
    const { operator } = part;
    if (operator === 'length')
      return this.#plain(part, String(found.kind === 'list' ? found.items.length : [...this.#required(part, found.text)].length));
    if (/^:?[-=+?]$/.test(operator)) return this.#conditional(part, found);
    if (operator === ':') return this.#show(part, await this.#substring(part, found));
    if (found.kind === 'text') this.#required(part, found.text);
    if (operator === '') return this.#show(part, found);
    const edit = await this.#edit(part);
    return this.#show(
      part,
      found.kind === 'list' ? { ...found, items: found.items.map(edit) } : { kind: 'text', text: edit(found.text ?? '') },
    );
  }

  async #find({ name, index, isIndirect }: ParameterPart): Promise<Found> {
    const key = index === null ? null : await this.#expander.text(index);
    if (!isIndirect) return this.#value(name, key);
    if (key === '@' || key === '*') return { kind: 'list', items: this.#state.entries(name).map(([one]) => one), joins: key === '*' };
    const target = this.#value(name, key);
    const reference = target.kind === 'text' ? (target.text ?? '') : (target.items[0] ?? '');
    const match = /^([A-Za-z_]\w*|\d+|[@*#?$!-])(?:\[(.+)\])?$/.exec(reference);
    if (match === null) return { kind: 'text', text: undefined };
    return this.#value(match[1] ?? '', match[2] ?? null);
  }

  #value(name: string, key: string | null): Found {
    if (key === null && (name === '@' || name === '*')) return { kind: 'list', items: this.#state.arguments, joins: name === '*' };
    if (key === null) return { kind: 'text', text: this.#state.get(name) };
    if (key === '@' || key === '*') return { kind: 'list', items: this.#state.entries(name).map(([, value]) => value), joins: key === '*' };
    const at = this.#state.isAssociative(name) ? key : String(this.#expander.evaluate(key));
    return { kind: 'text', text: this.#state.element(name, at) };
  }

  #required({ name }: ParameterPart, text: string | undefined): string {
    if (text === undefined && this.#state.has('nounset')) throw new ExpansionError(`${name}: parameter not set`);
    return text ?? '';
  }

  #plain({ isQuoted }: ParameterPart, text: string): Segment[] {
    return [{ text, isQuoted, splits: !isQuoted }];
  }

  #show(part: ParameterPart, found: Found): Segment[] {
    if (found.kind === 'text') return this.#plain(part, found.text ?? '');
    const { isQuoted } = part;
    if (isQuoted && found.joins) return this.#plain(part, found.items.join((this.#state.get('IFS') ?? ' ').slice(0, 1)));
    if (found.items.length === 0) return isQuoted ? [{ text: '', isQuoted, splits: false, isNothing: true }] : [];
    return found.items.map((text, index) => ({ text, isQuoted, splits: !isQuoted, breaksBefore: index > 0 }));
  }

  async #conditional(part: ParameterPart, found: Found): Promise<Segment[]> {
    const { name, operator, argument, index } = part;
    const word: Word = argument ?? [];
    const isStrict = operator.startsWith(':');
    const isMissing =
      found.kind === 'list'
        ? found.items.length === 0 || (isStrict && found.items.join('') === '')
        : found.text === undefined || (isStrict && found.text === '');
    switch (operator.replace(':', '')) {
      case '-':
        return isMissing ? this.#word(part, word) : this.#show(part, found);
      case '+':
        return isMissing ? this.#plain(part, '') : this.#word(part, word);
      case '=': {
        if (!isMissing) return this.#show(part, found);
        const text = await this.#expander.text(word);
        if (!/^[A-Za-z_]/.test(name)) throw new ExpansionError(`${name}: bad variable name`);
        this.#assign(name, index === null ? null : await this.#expander.text(index), text);
        return this.#plain(part, text);
      }
      default:
        if (!isMissing) return this.#show(part, found);
        throw new ExpansionError(`${name}: ${(await this.#expander.text(word)) || 'parameter not set or null'}`);
    }
  }

  #assign(name: string, index: string | null, text: string): void {
    try {
      if (index === null) this.#state.set(name, text);
      else this.#state.setElement(name, index, text);
    } catch (error) {
      if (error instanceof ReadonlyError) throw new ExpansionError(error.message);
      throw error;
    }
  }

  /** The word of `-` and `+`: unquoted parts of it split as expansions do. */
  async #word({ isQuoted }: ParameterPart, word: Word): Promise<Segment[]> {
    const segments = await this.#expander.segments(word);
    return segments.map((segment) =>
      isQuoted ? { ...segment, isQuoted: true, splits: false } : segment.isQuoted ? segment : { ...segment, splits: true },
    );
  }

  async #substring(part: ParameterPart, found: Found): Promise<Found> {
    const start = Number(await this.#expander.arithmetic(part.argument ?? []));
    const length = part.second === null ? null : Number(await this.#expander.arithmetic(part.second));
    const cut = <T>(items: readonly T[]): T[] => {
      const from = start < 0 ? Math.max(0, items.length + start) : start;
      const to = length === null ? items.length : length < 0 ? items.length + length : from + length;
      return items.slice(from, Math.max(from, to));
    };
    if (found.kind === 'text') return { kind: 'text', text: cut([...this.#required(part, found.text)]).join('') };
    const isPositional = part.name === '@' || part.name === '*';
    return { ...found, items: cut(isPositional ? [this.#state.scriptName, ...found.items] : found.items) };
  }

  async #edit({ operator, argument, second }: ParameterPart): Promise<(value: string) => string> {
    const pattern = await this.#expander.pattern(argument ?? []);
    if (operator.startsWith('/')) return replacer(operator, pattern, second === null ? '' : await this.#expander.text(second));
    if (operator.startsWith('@'))
      return operator === '@Q' ? quoteForShell : operator === '@U' ? (value) => value.toUpperCase() : (value) => value.toLowerCase();
    if (/^[\^,]/.test(operator)) return caser(operator, pattern);
    return (value) => strip(value, operator, pattern);
  }
}

function replacer(operator: string, pattern: string, replacement: string): (value: string) => string {
  if (pattern === '') return (value) => value;
  const body = globSource(pattern);
  const source = operator === '/#' ? `^(?:${body})` : operator === '/%' ? `(?:${body})$` : body;
  const expression = new RegExp(source, operator === '//' ? 'gu' : 'u');
  return (value) => value.replace(expression, (match) => (match === '' && operator === '//' ? '' : replacement));
}

function caser(operator: string, pattern: string): (value: string) => string {
  const change = (text: string): string => (operator.startsWith('^') ? text.toUpperCase() : text.toLowerCase());
  const applies = pattern === '' ? null : globExpression(pattern);
  const one = (character: string): string => (applies === null || applies.test(character) ? change(character) : character);
  return operator.length === 2
    ? (value) => [...value].map(one).join('')
    : (value) => [...value].map((character, index) => (index === 0 ? one(character) : character)).join('');
}

/** `${v%p}`, `%%`, `#`, `##`: removes the shortest or longest match from an end. */
function strip(value: string, operator: string, pattern: string): string {
  const expression = globExpression(pattern);
  const isPrefix = operator.startsWith('#');
  const isLongest = operator.length === 2;
  for (let step = 0; step <= value.length; step++) {
    const length = isLongest ? value.length - step : step;
    const part = isPrefix ? value.slice(0, length) : value.slice(value.length - length);
    if (expression.test(part)) return isPrefix ? value.slice(length) : value.slice(0, value.length - length);
  }
  return value;
}

export function quoteForShell(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
