// The storage below a pack: a byte-addressed file with synchronous calls, as OPFS gives a worker. Runs in the store worker.

export interface BlockFile {
  /** Bytes in the file. */
  size(): number;
  /** Fills `into` from `offset`; returns the bytes read, fewer at the end of the file. */
  read(into: Uint8Array, offset: number): number;
  /** Writes all of `from` at `offset`. Throws `QuotaExceededError` (a DOMException) when the device is full; nothing is then promised about the range. */
  write(from: Uint8Array, offset: number): void;
  /** Shortens the file, or fills it up with zeros. */
  truncate(size: number): void;
  /** Done once the bytes are on the device. All that was written before it becomes durable, or an error says that it did not. */
  flush(): void | Promise<void>;
  close(): void;
}

/** A folder of block files, one per name. Only who owns the workspace opens them (ownership.ts), each once at a time. */
export interface BlockFolder {
  open(name: string): Promise<BlockFile>;
  /** The file's content as it was flushed last or newer, also while another tab has it open. Rejects with `NotFoundError`. */
  snapshot(name: string): Promise<Blob>;
  list(): Promise<string[]>;
  remove(name: string): Promise<void>;
}
