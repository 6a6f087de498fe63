// Collects the pieces in which llhttp delivers header names and values, and counts them against the limit. Process worker.

export class HeaderCollector {
  readonly #maxBytes: number;
  #list: string[] = [];
  #isInValue = false;
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get isOverLimit(): boolean {
    return this.#bytes >= this.#maxBytes;
  }

  reset(): void {
    this.#list = [];
    this.#isInValue = false;
    this.#bytes = 0;
  }

  /** Counts bytes of the head; false once the limit is reached. */
  count(length: number): boolean {
    this.#bytes += length;
    return !this.isOverLimit;
  }

  addField(piece: string): boolean {
    const isNewField = this.#isInValue || this.#list.length === 0;
    // A field after a field without a value: the earlier value was empty and never announced.
    if (isNewField) {
      if (this.#list.length % 2 === 1) this.#list.push('');
      this.#list.push(piece);
    } else {
      this.#list[this.#list.length - 1] += piece;
    }
    this.#isInValue = false;
    return this.count(piece.length);
  }

  addValue(piece: string): boolean {
    if (this.#isInValue) this.#list[this.#list.length - 1] += piece;
    else this.#list.push(piece);
    this.#isInValue = true;
    return this.count(piece.length);
  }

  /** Name, value, name, value...; what follows (trailers) is counted anew. */
  take(): string[] {
    const list = this.#list;
    if (list.length % 2 === 1) list.push('');
    for (let index = 1; index < list.length; index += 2) list[index] = (list[index] ?? '').replace(/[ \t]+$/, '');
    this.reset();
    return list;
  }
}
