// The `files` stream's syntax: a message that names entries, then the bytes of its files. Runs in the agent and the server.
import type { FileEntry, LinkStream } from '#protocol';

interface WithEntries {
  readonly entries: readonly FileEntry[];
}

/** Sends a message and its contents. Memory is bounded by the caller: one batch at a time. */
export function sendWithContents(stream: LinkStream, message: WithEntries, contents: readonly Uint8Array[]): void {
  stream.message(message);
  for (const content of contents) if (content.length > 0) stream.write(content);
}

/** Puts messages and the bytes that belong to them together again. */
export class ContentReader<M extends { readonly type: string }> {
  readonly #deliver: (message: M, contents: Uint8Array[]) => void;
  #message: M | null = null;
  #contents: Uint8Array[] = [];
  #wanted: number[] = [];
  #current: Uint8Array | null = null;
  #filled = 0;

  constructor(deliver: (message: M, contents: Uint8Array[]) => void) {
    this.#deliver = deliver;
  }

  message(message: M): void {
    this.#message = message;
    this.#contents = [];
    this.#wanted =
      'entries' in message
        ? (message as unknown as WithEntries).entries.flatMap((entry) => (entry.kind === 'file' ? [entry.sizeBytes] : []))
        : [];
    this.#advance();
  }

  bytes(bytes: Uint8Array): void {
    let rest = bytes;
    while (rest.length > 0 && this.#current !== null) {
      const part = rest.subarray(0, this.#current.length - this.#filled);
      this.#current.set(part, this.#filled);
      this.#filled += part.length;
      rest = rest.subarray(part.length);
      if (this.#filled === this.#current.length) {
        this.#contents.push(this.#current);
        this.#advance();
      }
    }
  }

  /** Opens the next file that has bytes; delivers when there is none. */
  #advance(): void {
    this.#current = null;
    this.#filled = 0;
    while (this.#wanted.length > 0) {
      const size = this.#wanted.shift() ?? 0;
      if (size > 0) {
        this.#current = new Uint8Array(size);
        return;
      }
      this.#contents.push(new Uint8Array(0));
    }
    const message = this.#message;
    this.#message = null;
    if (message !== null) this.#deliver(message, this.#contents);
  }
}
