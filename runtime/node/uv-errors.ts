// libuv's error names and messages, from the pinned Node's own table, and the errors its bindings throw.

export class UvErrors {
  readonly #byNumber: ReadonlyMap<number, readonly [string, string]>;
  readonly #byName: ReadonlyMap<string, number>;

  constructor(entries: ReadonlyArray<readonly [number, readonly [string, string]]>) {
    this.#byNumber = new Map(entries);
    this.#byName = new Map(entries.map(([errno, [name]]) => [name, errno]));
  }

  get entries(): ReadonlyMap<number, readonly [string, string]> {
    return this.#byNumber;
  }

  name(errno: number): string {
    return this.#byNumber.get(errno)?.[0] ?? `Unknown system error ${errno}`;
  }

  message(errno: number): string {
    return this.#byNumber.get(errno)?.[1] ?? `Unknown system error ${errno}`;
  }

  /** Negative; 0 where libuv has no such name. */
  number(name: string): number {
    return this.#byName.get(name) ?? 0;
  }

  exception(errno: number, syscall: string, path?: string, dest?: string): Error {
    const code = this.name(errno);
    let message = `${code}: ${this.message(errno)}, ${syscall}`;
    if (path !== undefined) message += ` '${path}'`;
    if (dest !== undefined) message += ` -> '${dest}'`;
    const error = Object.assign(new Error(message), { errno, code, syscall });
    if (path !== undefined) Object.assign(error, { path });
    return dest === undefined ? error : Object.assign(error, { dest });
  }
}
