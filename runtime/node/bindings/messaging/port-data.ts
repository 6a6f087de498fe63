// The queue behind a message port, apart from the port object: a transfer moves it to another owner, also to one in another
// thread. Runs in the process worker.

/** A cloned message; `ports` are the queues that travel with it. */
export interface Message {
  readonly value: unknown;
  readonly ports: readonly PortData[];
}

/** Told about new messages; the port object that owns the queue at the moment. */
export interface PortOwner {
  onArrival(): void;
}

/** Where a port's messages go: another queue of this thread, or a link to one elsewhere. */
export interface Receiver {
  deliver(message: Message): void;
  /** The sender is gone: close once everything it sent was read. */
  peerClosed(): void;
}

/** The way to the other end of a channel that lives in another thread. */
export interface RemoteEnd extends Receiver {
  /** Takes what has arrived in shared memory, without waiting for a turn of the loop. */
  pull(): void;
}

const CLOSED = Symbol('closed');

export class PortData implements Receiver {
  owner: PortOwner | null = null;
  readonly #queue: (Message | typeof CLOSED)[] = [];
  /** The other end of a channel, or everybody else on a broadcast channel. */
  #receivers: Set<Receiver>;
  #remote: RemoteEnd | null = null;

  private constructor(receivers: Set<Receiver>) {
    this.#receivers = receivers;
    receivers.add(this);
  }

  static pair(): [PortData, PortData] {
    const both = new Set<Receiver>();
    return [new PortData(both), new PortData(both)];
  }

  static join(group: Set<Receiver>): PortData {
    return new PortData(group);
  }

  /** An end whose peer lives in another thread; {@link linkTo} says how to reach it. */
  static single(): PortData {
    return new PortData(new Set());
  }

  /** Replaces the other end by one elsewhere. */
  linkTo(remote: RemoteEnd): void {
    this.#receivers = new Set<Receiver>([this, remote]);
    this.#remote = remote;
  }

  get remote(): RemoteEnd | null {
    return this.#remote;
  }

  get others(): readonly Receiver[] {
    return [...this.#receivers].filter((receiver) => receiver !== this);
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

  peerClosed(): void {
    this.#queue.push(CLOSED);
    this.owner?.onArrival();
  }

  take(): Message | undefined {
    if (this.isEmpty) this.#remote?.pull();
    const [first] = this.#queue;
    if (first === undefined || first === CLOSED) return undefined;
    this.#queue.shift();
    return first;
  }

  /** Everything queued, for a move to another thread; whether the other end was gone already. */
  takeAll(): { messages: Message[]; isEnded: boolean } {
    const taken = this.#queue.splice(0);
    return { messages: taken.filter((message) => message !== CLOSED), isEnded: taken.includes(CLOSED) };
  }

  /** Leaves the channel; in a pair the other end closes once it has read what is queued. */
  close(isPair: boolean): void {
    const { others } = this;
    this.#receivers.delete(this);
    this.owner = null;
    this.#queue.length = 0;
    if (isPair) for (const other of others) other.peerClosed();
  }
}
