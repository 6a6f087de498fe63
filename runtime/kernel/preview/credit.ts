// Bytes a sender may still send; it waits here when they are used up. Runs in the kernel worker.

export class Credit {
  #left: number;
  #wake: () => void = () => undefined;
  #isClosed = false;

  constructor(sizeBytes: number) {
    this.#left = sizeBytes;
  }

  grant(sizeBytes: number): void {
    this.#left += sizeBytes;
    this.#wake();
  }

  spend(sizeBytes: number): void {
    this.#left -= sizeBytes;
  }

  /** Ends every wait; nothing more will be sent. */
  close(): void {
    this.#isClosed = true;
    this.#wake();
  }

  /** Resolves with what may be sent, or 0 when closed. */
  async available(): Promise<number> {
    while (this.#left <= 0 && !this.#isClosed) await new Promise<void>((resolve) => (this.#wake = resolve));
    return this.#isClosed ? 0 : this.#left;
  }
}
