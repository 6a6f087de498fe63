// Field splitting (POSIX 2.6.5) over expanded pieces of a word. Pure.

export interface Segment {
  readonly text: string;
  /** No splitting and no globs. */
  readonly isQuoted: boolean;
  /** The result of an expansion: IFS splits it. */
  readonly splits: boolean;
  /** Begins a new field whatever came before: the items of `"$@"`. */
  readonly breaksBefore?: boolean;
  /** `"$@"` without any items: the quotes around it make no field. */
  readonly isNothing?: boolean;
}

export type Field = readonly Pick<Segment, 'text' | 'isQuoted'>[];

export function splitFields(segments: readonly Segment[], separators: string): Field[] {
  const splitter = new Splitter(separators);
  for (const segment of segments) splitter.add(segment);
  return splitter.finish();
}

class Splitter {
  readonly #blanks: string;
  readonly #others: string;
  readonly #fields: Field[] = [];
  #current: { text: string; isQuoted: boolean }[] | null = null;
  /** The last field was ended by blanks: one other separator now belongs to them. */
  #isAfterBlank = false;
  #hasNothing = false;

  constructor(separators: string) {
    this.#blanks = [...separators].filter((character) => ' \t\n'.includes(character)).join('');
    this.#others = [...separators].filter((character) => !' \t\n'.includes(character)).join('');
  }

  add({ text, isQuoted, splits, breaksBefore, isNothing }: Segment): void {
    if (breaksBefore === true) this.#end();
    if (isNothing === true) {
      this.#hasNothing = true;
      return;
    }
    if (!splits) {
      if (text !== '' || isQuoted) (this.#current ??= []).push({ text, isQuoted });
      if (text !== '') this.#isAfterBlank = false;
      return;
    }
    for (const character of text) this.#character(character);
  }

  finish(): Field[] {
    const isOnlyQuotes = this.#current?.every(({ text, isQuoted }) => isQuoted && text === '') === true;
    if (this.#hasNothing && isOnlyQuotes) this.#current = null;
    this.#end();
    return this.#fields;
  }

  #character(character: string): void {
    if (this.#blanks.includes(character)) {
      if (this.#current !== null) {
        this.#end();
        this.#isAfterBlank = true;
      }
    } else if (this.#others.includes(character)) {
      if (this.#current !== null) this.#end();
      else if (!this.#isAfterBlank) this.#fields.push([]);
      this.#isAfterBlank = false;
    } else {
      this.#isAfterBlank = false;
      const current = (this.#current ??= []);
      const last = current.at(-1);
      if (last !== undefined && !last.isQuoted) last.text += character;
      else current.push({ text: character, isQuoted: false });
    }
  }

  #end(): void {
    if (this.#current !== null) this.#fields.push(this.#current);
    this.#current = null;
  }
}
