// One full-duplex stream of a link: bytes and messages in order, with credit, kept until acknowledged. Runs everywhere.
import { encodeFrame, encodeJson, FLAG_END, FLAG_MESSAGE, MAX_FRAME_PAYLOAD_BYTES, type Frame } from './frames.ts';

/** Bytes a sender may have under way before the receiver took some: 50 MB/s at 20 ms round trip. */
export const WINDOW_BYTES = 1024 * 1024;
/** What a sender without a connection keeps; older output is dropped and reported as a gap. */
export const MAX_DETACHED_BYTES = 4 * 1024 * 1024;

export interface StreamEvents {
  /** Call {@link LinkStream.taken} once the bytes are consumed: that is what opens the window again. */
  onData?(bytes: Uint8Array): void;
  onMessage?(message: unknown): void;
  /** The peer ended its direction. */
  onEnd?(): void;
  /** Output was lost while nobody was connected. */
  onGap?(lostBytes: number): void;
  /** The stream is over; nothing follows. */
  onReset?(reason: unknown): void;
  /** There is room to send again. */
  onDrain?(): void;
}

interface Pending {
  readonly offset: number;
  readonly length: number;
  readonly frame: Uint8Array<ArrayBuffer>;
}

/** Where a stream's frames go; null while there is no connection. */
export type SendFrame = (frame: Uint8Array<ArrayBuffer>) => void;

export class LinkStream {
  readonly id: number;
  events: StreamEvents;
  /** Set by the endpoint; the opening payload, sent again until the peer is known to have it. */
  openPayload: Uint8Array | null = null;
  readonly #send: () => SendFrame | null;
  readonly #onClose: () => void;
  #kept: Pending[] = [];
  #keptBytes = 0;
  #sentOffset = 0;
  #limit = WINDOW_BYTES;
  #received = 0;
  #taken = 0;
  #announced = WINDOW_BYTES;
  #hasEndedOut = false;
  #hasEndedIn = false;
  #isClosed = false;

  constructor(id: number, events: StreamEvents, send: () => SendFrame | null, onClose: () => void) {
    this.id = id;
    this.events = events;
    this.#send = send;
    this.#onClose = onClose;
  }

  get receivedOffset(): number {
    return this.#received;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** False: stop producing until {@link StreamEvents.onDrain}. Without a connection the newest output is kept instead. */
  get canSend(): boolean {
    return this.#send() === null || this.#sentOffset < this.#limit;
  }

  write(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; at += MAX_FRAME_PAYLOAD_BYTES) this.#push(bytes.subarray(at, at + MAX_FRAME_PAYLOAD_BYTES), 0);
  }

  message(value: unknown): void {
    this.#push(encodeJson(value), FLAG_MESSAGE);
  }

  end(): void {
    if (this.#hasEndedOut) return;
    this.#push(new Uint8Array(0), FLAG_END);
    this.#hasEndedOut = true;
    this.#closeWhenDone();
  }

  /** Gives the stream up on both sides. */
  reset(reason: unknown = {}): void {
    if (this.#isClosed) return;
    this.#send()?.(encodeFrame('reset', this.id, 0, encodeJson(reason)));
    this.#close();
  }

  /** The consumer took this much of what `onData` delivered. */
  taken(sizeBytes: number): void {
    this.#taken += sizeBytes;
    if (this.#taken + WINDOW_BYTES - this.#announced >= WINDOW_BYTES / 4) this.#announce();
  }

  /** For the endpoint: a frame for this stream. */
  receive(frame: Frame): void {
    switch (frame.kind) {
      case 'data':
        return this.#receiveData(frame);
      case 'window':
        return this.#acknowledge(frame.offset, new DataView(frame.payload.buffer, frame.payload.byteOffset, 8).getFloat64(0));
      case 'gap':
        if (frame.offset <= this.#received) return;
        this.events.onGap?.(frame.offset - this.#received);
        this.#taken += frame.offset - this.#received;
        this.#received = frame.offset;
        return this.#announce();
      default:
    }
  }

  /** For the endpoint: the peer gave the stream up. */
  receiveReset(reason: unknown): void {
    if (this.#isClosed) return;
    this.#close();
    this.events.onReset?.(reason);
  }

  /** For the endpoint: connected again; `peerReceived` is what the peer has of ours. */
  resume(peerReceived: number): void {
    this.#acknowledge(peerReceived, peerReceived + WINDOW_BYTES);
    const send = this.#send();
    if (send === null) return;
    const first = this.#kept[0]?.offset ?? this.#sentOffset;
    if (first > peerReceived) send(encodeFrame('gap', this.id, first));
    for (const { frame } of this.#kept) send(frame);
    this.#announce();
    if (this.canSend) this.events.onDrain?.();
  }

  #push(payload: Uint8Array, flags: number): void {
    if (this.#isClosed || this.#hasEndedOut) return;
    const length = payload.length + (flags === 0 ? 0 : 1);
    const frame = encodeFrame('data', this.id, this.#sentOffset, payload, flags);
    this.#kept.push({ offset: this.#sentOffset, length, frame });
    this.#keptBytes += length;
    this.#sentOffset += length;
    const send = this.#send();
    if (send) send(frame);
    else while (this.#keptBytes > MAX_DETACHED_BYTES) this.#forgetOldest();
  }

  #forgetOldest(): void {
    const oldest = this.#kept.shift();
    if (!oldest) return;
    this.#keptBytes -= oldest.length;
  }

  #receiveData({ offset, flags, payload }: Frame): void {
    const length = payload.length + (flags === 0 ? 0 : 1);
    if (this.#isClosed || this.#hasEndedIn || offset !== this.#received) return; // a repeat after a reconnect
    this.#received += length;
    if (flags & FLAG_MESSAGE) {
      this.taken(length);
      this.events.onMessage?.(decode(payload));
    } else if (flags & FLAG_END) {
      this.#hasEndedIn = true;
      this.#taken += length;
      this.#announce();
      this.events.onEnd?.();
      this.#closeWhenDone();
    } else this.events.onData?.(payload);
  }

  #acknowledge(received: number, limit: number): void {
    while (this.#kept.length > 0 && (this.#kept[0] as Pending).offset + (this.#kept[0] as Pending).length <= received) {
      this.#keptBytes -= (this.#kept.shift() as Pending).length;
    }
    const wasFull = !this.canSend;
    if (limit > this.#limit) this.#limit = limit;
    if (wasFull && this.canSend) this.events.onDrain?.();
    this.#closeWhenDone();
  }

  #announce(): void {
    const send = this.#send();
    if (send === null) return;
    this.#announced = this.#taken + WINDOW_BYTES;
    const limit = new Uint8Array(8);
    new DataView(limit.buffer).setFloat64(0, this.#announced);
    send(encodeFrame('window', this.id, this.#received, limit));
  }

  #closeWhenDone(): void {
    if (this.#hasEndedIn && this.#hasEndedOut && this.#kept.length === 0) this.#close();
  }

  #close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#kept = [];
    this.#onClose();
  }
}

function decode(payload: Uint8Array): unknown {
  return JSON.parse(new TextDecoder().decode(payload));
}
