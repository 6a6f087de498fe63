// The current record and its fields, each rebuilt from the other when it is asked for.
import { type AwkRegex, fieldSplitter } from './regex.ts';
import { InputText, type Scalar, toText } from './values.ts';

export interface RecordSettings {
  readonly FS: string;
  readonly OFS: string;
  readonly RS: string;
  readonly CONVFMT: string;
}

export class AwkRecord {
  readonly #settings: () => RecordSettings;
  #text = '';
  #fields: Scalar[] = [];
  /** Which side is current. */
  #hasFields = true;
  #hasText = true;

  constructor(settings: () => RecordSettings) {
    this.#settings = settings;
  }

  set(text: string): void {
    this.#text = text;
    this.#hasText = true;
    this.#hasFields = false;
  }

  get(index: number): Scalar {
    if (index === 0) return new InputText(this.text);
    this.#split();
    return this.#fields[index - 1];
  }

  assign(index: number, value: Scalar): void {
    if (index === 0) return this.set(toText(value, this.#settings().CONVFMT));
    this.#split();
    while (this.#fields.length < index) this.#fields.push('');
    this.#fields[index - 1] = value;
    this.#hasText = false;
  }

  get text(): string {
    if (!this.#hasText) {
      const { OFS, CONVFMT } = this.#settings();
      this.#text = this.#fields.map((field) => toText(field, CONVFMT)).join(OFS);
      this.#hasText = true;
    }
    return this.#text;
  }

  get count(): number {
    this.#split();
    return this.#fields.length;
  }

  set count(count: number) {
    this.#split();
    this.#fields.length = Math.min(this.#fields.length, count);
    while (this.#fields.length < count) this.#fields.push('');
    this.#hasText = false;
  }

  #split(): void {
    if (this.#hasFields) return;
    const { FS, RS } = this.#settings();
    this.#fields = splitFields(this.#text, fieldSplitter(FS, RS === '')).map((text) => new InputText(text));
    this.#hasFields = true;
  }
}

export function splitFields(text: string, splitter: AwkRegex | null): string[] {
  if (splitter === null) return text.trim() === '' ? [] : text.replaceAll(/^[ \t\n]+|[ \t\n]+$/g, '').split(/[ \t\n]+/);
  if (text === '') return [];
  return text.split(splitter);
}
