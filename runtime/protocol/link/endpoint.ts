// One end of a link: many streams over one connection that may be lost and come back. Runs in the SDK, the server and the
// agent. The client says hello with what it has, the agent answers with what it has, and both send the rest again.
import { decodeFrame, decodeJson, encodeFrame, encodeJson, type Frame } from './frames.ts';
import { LinkStream, type SendFrame, type StreamEvents } from './stream.ts';

/** Raised with every change that an older peer would misread. */
export const LINK_VERSION = 1;

interface Greeting {
  readonly version: number;
  /** Of the agent's life: another epoch has no memory of these streams. */
  readonly epoch: string;
  /** Per live stream, the offset up to which this side has received. */
  readonly received: Readonly<Record<string, number>>;
}

export interface EndpointEvents {
  /** The peer opens a stream: return its events, or null to refuse it. */
  onOpen?(payload: unknown, stream: LinkStream): StreamEvents | null;
  /** Greeted by the peer; `isSame` is false when it has forgotten all streams. */
  onReady?(isSame: boolean): void;
  onEvent?(event: unknown): void;
  onGoaway?(reason: unknown): void;
}

export interface EndpointOptions {
  readonly role: 'client' | 'agent';
  /** The agent's own; a client learns it. */
  readonly epoch?: string;
}

export class LinkEndpoint {
  readonly #role: 'client' | 'agent';
  readonly #events: EndpointEvents;
  readonly #streams = new Map<number, LinkStream>();
  #epoch: string;
  #transport: SendFrame | null = null;
  #isReady = false;
  #nextStream: number;
  #roundTripStartMs = 0;
  /** Of the last ping; null before the first. */
  roundTripMs: number | null = null;

  constructor({ role, epoch = '' }: EndpointOptions, events: EndpointEvents) {
    this.#role = role;
    this.#events = events;
    this.#epoch = epoch;
    this.#nextStream = role === 'client' ? 1 : 2;
  }

  get isReady(): boolean {
    return this.#isReady;
  }

  /** The number that the next {@link open} gives. */
  get nextStream(): number {
    return this.#nextStream;
  }

  get openStreams(): number {
    return this.#streams.size;
  }

  /** Uses a fresh connection. Streams go on once the peer has greeted. */
  attach(send: SendFrame): void {
    this.#transport = send;
    this.#isReady = false;
    if (this.#role === 'client') send(encodeFrame('hello', 0, 0, this.#greeting()));
  }

  /** The connection is lost; streams keep what they have. */
  detach(): void {
    this.#transport = null;
    this.#isReady = false;
  }

  /** Opens a stream; what is written before the connection is ready is sent then. */
  open(payload: unknown, events: StreamEvents = {}): LinkStream {
    const id = this.#nextStream;
    this.#nextStream += 2;
    const stream = this.#add(id, events);
    stream.openPayload = encodeJson(payload);
    if (this.#isReady) this.#transport?.(encodeFrame('open', id, 0, stream.openPayload));
    return stream;
  }

  /** Sends an event that needs no answer and no replay. */
  sendEvent(event: unknown): void {
    if (this.#isReady) this.#transport?.(encodeFrame('event', 0, 0, encodeJson(event)));
  }

  ping(): void {
    this.#roundTripStartMs = performance.now();
    if (this.#isReady) this.#transport?.(encodeFrame('ping', 0));
  }

  /** Takes one frame's bytes. False: it is no frame, and the connection should end. */
  receive(bytes: Uint8Array): boolean {
    const frame = decodeFrame(bytes);
    if (frame === null) return false;
    this.#receive(frame);
    return true;
  }

  /** Ends every stream, with the reason, without telling the peer. */
  dispose(reason: unknown): void {
    this.detach();
    for (const stream of [...this.#streams.values()]) stream.receiveReset(reason);
  }

  #receive(frame: Frame): void {
    switch (frame.kind) {
      case 'hello':
        if (this.#role === 'agent') this.#greet(frame, true);
        return;
      case 'welcome':
        if (this.#role === 'client') this.#greet(frame, false);
        return;
      case 'open':
        return this.#opened(frame);
      case 'data':
      case 'window':
      case 'gap':
        return this.#streams.get(frame.stream)?.receive(frame);
      case 'reset':
        return this.#streams.get(frame.stream)?.receiveReset(decodeJson(frame.payload));
      case 'ping':
        return this.#transport?.(encodeFrame('pong', 0));
      case 'pong':
        this.roundTripMs = performance.now() - this.#roundTripStartMs;
        return;
      case 'event':
        return this.#events.onEvent?.(decodeJson(frame.payload));
      case 'goaway':
        return this.#events.onGoaway?.(decodeJson(frame.payload));
      default:
        return frame.kind satisfies never;
    }
  }

  #greet(frame: Frame, mustAnswer: boolean): void {
    const greeting = decodeJson(frame.payload) as Greeting | null;
    if (greeting === null || typeof greeting.received !== 'object' || this.#transport === null) return;
    const isSame = mustAnswer
      ? greeting.epoch === '' || greeting.epoch === this.#epoch
      : this.#epoch === '' || greeting.epoch === this.#epoch;
    if (mustAnswer) this.#transport(encodeFrame('welcome', 0, 0, this.#greeting()));
    else this.#epoch = greeting.epoch;
    this.#isReady = true;
    if (!isSame) for (const stream of [...this.#streams.values()]) stream.receiveReset({ reason: 'the session restarted' });
    for (const stream of [...this.#streams.values()]) this.#resume(stream, greeting.received[stream.id]);
    this.#events.onReady?.(isSame);
  }

  #resume(stream: LinkStream, peerReceived: number | undefined): void {
    if (peerReceived !== undefined) return stream.resume(peerReceived);
    if (stream.openPayload !== null) {
      // Not known to the peer: it never saw the opening, or it closed the stream after all was exchanged.
      if (stream.receivedOffset > 0) return stream.receiveReset({ reason: 'closed' });
      this.#transport?.(encodeFrame('open', stream.id, 0, stream.openPayload));
      return stream.resume(0);
    }
    stream.receiveReset({ reason: 'closed' });
  }

  #opened({ stream: id, payload }: Frame): void {
    const isTheirs = id % 2 === (this.#role === 'client' ? 0 : 1);
    if (!isTheirs || this.#streams.has(id)) return; // an opening sent again after a reconnect
    const stream = this.#add(id, {});
    const events = this.#events.onOpen?.(decodeJson(payload), stream) ?? null;
    if (events === null) stream.reset({ reason: 'refused' });
    else stream.events = events;
  }

  #add(id: number, events: StreamEvents): LinkStream {
    const stream = new LinkStream(
      id,
      events,
      () => (this.#isReady ? this.#transport : null),
      () => void this.#streams.delete(id),
    );
    this.#streams.set(id, stream);
    return stream;
  }

  #greeting(): Uint8Array {
    const received = Object.fromEntries([...this.#streams].map(([id, stream]) => [id, stream.receivedOffset]));
    return encodeJson({ version: LINK_VERSION, epoch: this.#epoch, received } satisfies Greeting);
  }
}
