// The one byte stream to a box, shared: client 0 is the server itself, every other number a browser's WebSocket.
import { randomBytes } from 'node:crypto';
import type { Duplex } from 'node:stream';
import { encodeMarker, encodePacket, LinkEndpoint, MarkerFilter, PacketReader, type LinkStream, type StreamEvents } from '#protocol';
import type { Box } from '../drivers/driver.ts';

const SERVER = 0;
const GREETING_TIMEOUT_MS = 20_000;

export interface AgentEvents {
  /** The agent opens a stream to the server. */
  onOpen(payload: unknown, stream: LinkStream): StreamEvents | null;
  onEvent(event: unknown): void;
  /** The stream broke; clients have to say hello again after {@link AgentConnection.connect}. */
  onLost(): void;
}

export class AgentConnection {
  /** The server's own streams; they go on after a reconnect. */
  readonly endpoint: LinkEndpoint;
  readonly #events: AgentEvents;
  readonly #clients = new Map<number, (frame: Uint8Array) => void>();
  #wire: Duplex | null = null;
  #ready = Promise.withResolvers<boolean>();

  constructor(events: AgentEvents) {
    this.#events = events;
    this.endpoint = new LinkEndpoint(
      { role: 'client' },
      {
        onOpen: (payload, stream) => events.onOpen(payload, stream),
        onEvent: (event) => events.onEvent(event),
        onReady: (isSame) => this.#ready.resolve(isSame),
      },
    );
  }

  get isConnected(): boolean {
    return this.#wire !== null;
  }

  /** Attaches to the agent; rejects when it does not answer. Resolves false when it has forgotten earlier streams. */
  async connect(box: Box): Promise<boolean> {
    const wire = await box.connect();
    const nonce = randomBytes(16).toString('hex');
    this.#ready = Promise.withResolvers<boolean>();
    const timer = setTimeout(() => wire.destroy(new Error('the agent did not answer')), GREETING_TIMEOUT_MS);
    const reader = new PacketReader({
      onPacket: (client, frame) => (client === SERVER ? void this.endpoint.receive(frame) : this.#clients.get(client)?.(frame)),
      onBroken: (reason) => wire.destroy(new Error(reason)),
    });
    const filter = new MarkerFilter(nonce, () => {
      this.#wire = wire;
      this.endpoint.attach((frame) => void wire.write(encodePacket(SERVER, frame)));
    });
    wire.on('data', (chunk: Buffer) => {
      const rest = filter.push(chunk);
      if (rest !== null && rest.length > 0) reader.push(rest);
    });
    const lost = (error?: Error): void => {
      clearTimeout(timer);
      this.#ready.reject(error ?? new Error('the agent closed the connection'));
      if (this.#wire !== wire) return;
      this.#wire = null;
      this.endpoint.detach();
      this.#events.onLost();
    };
    wire.on('error', lost);
    wire.on('close', () => lost());
    wire.write(encodeMarker(nonce));
    try {
      return await this.#ready.promise;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Passes a client's frame on. False: there is no connection to the box now. */
  send(client: number, frame: Uint8Array): boolean {
    return this.#wire?.write(encodePacket(client, frame)) !== undefined;
  }

  addClient(client: number, deliver: (frame: Uint8Array) => void): void {
    this.#clients.set(client, deliver);
  }

  removeClient(client: number, deliver: (frame: Uint8Array) => void): void {
    if (this.#clients.get(client) === deliver) this.#clients.delete(client);
  }

  close(): void {
    const wire = this.#wire;
    this.#wire = null;
    this.endpoint.dispose({ reason: 'the session was stopped' });
    wire?.destroy();
  }
}
