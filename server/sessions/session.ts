// One session: its box, the stream to the agent, its files, and the clients that watch. Lives in one replica at a time.
import { encodeFrame, encodeJson, VerkletError, type LinkStream, type SessionEvent, type StreamEvents } from '#protocol';
import type { Box, BoxLimits, Driver } from '../drivers/driver.ts';
import type { RecordStore } from '../state/record-store.ts';
import type { SessionRecord } from '../state/registry.ts';
import { AgentConnection } from './agent-connection.ts';
import { SessionFiles } from './session-files.ts';

const RECONNECT_TRIES = 5;

export interface SessionClient {
  deliver(frame: Uint8Array): void;
  /** The link to the box was renewed: the client must connect and say hello again. */
  disconnect(): void;
}

export interface SessionOptions {
  readonly record: SessionRecord;
  readonly driver: Driver;
  readonly limits: BoxLimits;
  readonly store: RecordStore;
  readonly onEgress: (stream: LinkStream) => StreamEvents;
  readonly onEnded: (reason: string) => void;
  /** The box could not be ended now: its engine is away. */
  readonly onLeft: (handle: string) => void;
}

export class Session {
  readonly id: string;
  readonly owner: string;
  readonly files: SessionFiles;
  record: SessionRecord;
  /** Programs that run in the box now. */
  processes = 0;
  readonly #options: SessionOptions;
  readonly #clients = new Map<number, SessionClient>();
  readonly #agent: AgentConnection;
  #box: Box | null = null;
  #isStopped = false;

  constructor(options: SessionOptions) {
    const { record, store } = options;
    this.#options = options;
    this.id = record.id;
    this.owner = record.owner;
    this.record = record;
    this.#agent = new AgentConnection({
      onOpen: (payload, stream) => ((payload as { type?: unknown } | null)?.type === 'egress' ? options.onEgress(stream) : null),
      onEvent: (event) => this.#agentEvent(event),
      onLost: () => void this.#reconnect(),
    });
    this.files = new SessionFiles({
      store,
      owner: record.owner,
      session: record.id,
      root: record.root,
      onMoved: (root, batch, skipped) => this.broadcast({ type: 'root-changed', root, batch, skipped }),
    });
  }

  get clients(): number {
    return this.#clients.size;
  }

  get isConnected(): boolean {
    return this.#agent.isConnected;
  }

  /** A stream to the agent that is the server's own: for previews and preparations. */
  open(payload: unknown, events: StreamEvents): LinkStream {
    return this.#agent.endpoint.open(payload, events);
  }

  /** Starts a box, or takes over the one that an earlier replica left. */
  async start(): Promise<void> {
    const { driver, limits, store, onEnded } = this.#options;
    const left = this.record.box === null ? null : await driver.adopt(this.record.box);
    const isFresh = left === null;
    this.#box = left ?? (await driver.start({ id: this.record.id, limits, env: {} }));
    try {
      await this.#agent.connect(this.#box);
      await this.files.attach(this.#agent, isFresh);
    } catch (error) {
      await this.#box.stop();
      throw error;
    }
    const patch = {
      state: 'running',
      box: this.#box.handle,
      generation: this.record.generation + (isFresh ? 1 : 0),
      prepared: isFresh ? null : this.record.prepared,
    } as const;
    await store.registry.updateSession(this.id, patch);
    this.record = { ...this.record, ...patch };
    this.#box.ended.then((reason) => this.#boxEnded(reason)).catch((error: unknown) => onEnded(String(error))); // the registry is away: the lease runs out there
  }

  /** Ends the box after its last changes are stored. */
  async stop(reason: string): Promise<void> {
    if (this.#isStopped) return;
    await this.files.flush().catch(() => undefined); // a box that does not answer is ended with what is stored
    this.#isStopped = true;
    this.broadcast({ type: 'session-ended', reason });
    await this.#options.store.registry.updateSession(this.id, { state: 'stopped', box: null });
    this.release();
    await this.#endBox();
    this.#options.onEnded(reason);
  }

  /** Lets go of the box without ending it: another replica, or this one after a restart, takes it over. */
  release(): void {
    this.#isStopped = true;
    for (const client of this.#clients.values()) client.disconnect();
    this.#clients.clear();
    this.#agent.close();
  }

  attach(client: number, handler: SessionClient): void {
    const before = this.#clients.get(client);
    this.#clients.set(client, handler);
    before?.disconnect();
    this.#agent.addClient(client, handler.deliver);
  }

  detach(client: number, handler: SessionClient): void {
    this.#agent.removeClient(client, handler.deliver);
    if (this.#clients.get(client) === handler) this.#clients.delete(client);
  }

  /** A frame from a client to the agent. */
  send(client: number, frame: Uint8Array): void {
    if (!this.#agent.send(client, frame)) this.#clients.get(client)?.disconnect();
  }

  broadcast(event: SessionEvent): void {
    const frame = encodeFrame('event', 0, 0, encodeJson(event));
    for (const client of this.#clients.values()) client.deliver(frame);
  }

  #agentEvent(event: unknown): void {
    const { type, processes } = (event ?? {}) as { type?: unknown; processes?: unknown };
    if (type === 'activity' && typeof processes === 'number') this.processes = processes;
  }

  /** The stream to the agent broke and the box may live: attach again, and have the clients greet it anew. */
  async #reconnect(): Promise<void> {
    for (const client of this.#clients.values()) client.disconnect();
    for (let tries = 0; tries < RECONNECT_TRIES && !this.#isStopped && this.#box; tries++) {
      try {
        await this.#agent.connect(this.#box);
        return;
      } catch {
        await new Promise((resolve) => setTimeout(resolve, 100 * 2 ** tries)); // the box is busy, or gone: `ended` says so
      }
    }
    await this.#boxEnded('the agent in the box does not answer');
  }

  async #boxEnded(reason: string): Promise<void> {
    if (this.#isStopped) return;
    this.#isStopped = true;
    this.broadcast({ type: 'session-ended', reason });
    await this.#options.store.registry.updateSession(this.id, { state: 'stopped', box: null });
    for (const client of this.#clients.values()) client.disconnect();
    this.#agent.close();
    await this.#endBox();
    this.#options.onEnded(reason);
  }

  async #endBox(): Promise<void> {
    const box = this.#box;
    if (box === null) return;
    try {
      await box.stop();
    } catch {
      this.#options.onLeft(box.handle); // the session is over all the same; the box is ended when that is possible again
    }
  }
}

export function unknownSession(id: string): VerkletError {
  return new VerkletError('ERR_NO_SUCH_SESSION', { session: id });
}
