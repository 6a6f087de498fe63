// The queue behind a message port, apart from the port object: a transfer moves it to another owner. Runs in the process worker.

/** A cloned message; `ports` are the queues that travel with it. */
export interface Message {
  readonly value: unknown;
  readonly ports: readonly PortData[];
}

/** Told about new messages; the port object that owns the queue at the moment. */
export interface PortOwner {
  onArrival(): void;
}

const CLOSED = Symbol('closed');

export class PortData {
  owner: PortOwner | null = null;
  readonly #queue: (Message | typeof CLOSED)[] = [];
  /** Where messages go: the other end of a channel, or everybody else on a broadcast channel. */
  #receivers: Set<PortData>;

  private constructor(receivers: Set<PortData>) {
    this.#receivers = receivers;
    receivers.add(this);
  }

  static pair(): [PortData, PortData] {
    const both = new Set<PortData>();
    return [new PortData(both), new PortData(both)];
  }

  static join(group: Set<PortData>): PortData {
    return new PortData(group);
  }

  get others(): readonly PortData[] {
    return [...this.#receivers].filter((port) => port !== this);
  }

  get isEmpty(): boolean {
    return this.#queue.length === 0;
  }

  /** The other end is gone and everything it sent was read. */
  get isAtEnd(): boolean {
    return this.#queue[0] === CLOSED;
  }

  deliver(message: Message): void {
    this.#queue.push(message);
    this.owner?.onArrival();
  }

  take(): Message | undefined {
    const [first] = this.#queue;
    if (first === undefined || first === CLOSED) return undefined;
    this.#queue.shift();
    return first;
  }

  /** Leaves the channel; in a pair the other end closes once it has read what is queued. */
  close(isPair: boolean): void {
    const { others } = this;
    this.#receivers.delete(this);
    this.owner = null;
    this.#queue.length = 0;
    if (!isPair) return;
    for (const other of others) {
      other.#queue.push(CLOSED);
      other.owner?.onArrival();
    }
  }
}
