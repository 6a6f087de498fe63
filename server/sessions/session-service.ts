// Everything that promotion needs of the server, made once: store, grants, driver, sessions, streams, egress, counters.
import type { IncomingMessage } from 'node:http';
import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import type { Duplex } from 'node:stream';
import { VerkletError } from '#protocol';
import type { ServerConfig } from '../config.ts';
import { chooseDriver, type DriverChoice } from '../drivers/choose.ts';
import type { Driver } from '../drivers/driver.ts';
import { Grants } from '../grants.ts';
import { PreviewProxy } from '../previews/preview-proxy.ts';
import { openState } from '../state/open-state.ts';
import type { RecordStore } from '../state/record-store.ts';
import { Egress } from './egress.ts';
import { SessionStreams } from './session-stream.ts';
import { Sessions } from './sessions.ts';
import { RateLimit } from './rate-limit.ts';

export interface ServiceDependencies {
  readonly config: ServerConfig;
  readonly allowedOrigins: readonly string[];
  readonly fetchOwn: (path: string, init: { method: string; headers: Record<string, string> }) => Promise<Response>;
}

export class SessionService {
  readonly grants: Grants;
  readonly store: RecordStore;
  readonly counters = { uploadedBytes: 0, sessionsStarted: 0, sessionsEnded: 0, streams: 0, refusals: 0 };
  readonly previews: PreviewProxy;
  readonly #dependencies: ServiceDependencies;
  readonly #choice: Promise<DriverChoice>;
  readonly #sessions: Promise<Sessions | null>;
  readonly #streams: SessionStreams;
  readonly #rate = new RateLimit(60, 60_000);

  private constructor(dependencies: ServiceDependencies, grants: Grants, store: RecordStore, choice: Promise<DriverChoice>) {
    this.#dependencies = dependencies;
    this.grants = grants;
    this.store = store;
    this.#choice = choice;
    this.#streams = new SessionStreams(this);
    this.previews = new PreviewProxy(this);
    this.#sessions = choice.then(({ driver }) => (driver === null ? null : this.#createSessions(driver)));
  }

  static async open(dependencies: ServiceDependencies): Promise<SessionService> {
    const { config } = dependencies;
    mkdirSync(config.sessions.dataFolder, { recursive: true });
    const store = await openState(config.sessions);
    const audience = `${config.scheme}://${config.appHost}`;
    const grants = await Grants.open(store.registry, audience, config.sessions.hostKeys);
    const serverId = await store.registry.claim('server-id', randomBytes(8).toString('hex'));
    // Not awaited: the rest of the server does not wait for a sandbox to prove itself.
    return new SessionService(dependencies, grants, store, chooseDriver(config.sessions, serverId));
  }

  get givesOpenGrants(): boolean {
    return this.#dependencies.config.sessions.grants === 'open';
  }

  get trustsProxy(): boolean {
    return this.#dependencies.config.sessions.trustsProxy;
  }

  /** Throws `ERR_NO_DRIVER` where no box can run. */
  async sessions(): Promise<Sessions> {
    const sessions = await this.#sessions;
    if (sessions === null) throw new VerkletError('ERR_NO_DRIVER', { reason: (await this.#choice).reason });
    return sessions;
  }

  isAllowedOrigin(origin: string): boolean {
    return this.#dependencies.allowedOrigins.includes(origin);
  }

  async status() {
    const { driver, reason, tried } = await this.#choice;
    const sessions = await this.#sessions;
    return {
      sessions: driver === null ? 'unavailable' : 'available',
      driver: driver?.name ?? null,
      isolation: driver?.isolation ?? null,
      reason,
      tried,
      grants: this.givesOpenGrants ? 'open' : 'host',
      live: sessions?.count ?? 0,
    };
  }

  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean {
    return this.#streams.handleUpgrade(request, socket, head);
  }

  limitRate(address: string): void {
    if (!this.#rate.take(address)) {
      this.counters.refusals++;
      throw new VerkletError('ERR_QUOTA', { limit: 60, what: 'requests for sessions per minute' });
    }
  }

  audit(actor: string, action: string, target: string, result: string): Promise<void> {
    return this.store.registry.appendAudit({ atMs: Date.now(), actor, action, target, result });
  }

  /** One line of JSON per event, for whoever collects logs. Never contents, environments or tokens. */
  note(note: Readonly<Record<string, string | number>>): void {
    if (note['event'] === 'session-started') this.counters.sessionsStarted++;
    if (note['event'] === 'session-ended') this.counters.sessionsEnded++;
    if (this.#dependencies.config.sessions.log) process.stdout.write(`${JSON.stringify({ atMs: Date.now(), ...note })}\n`);
  }

  async close(): Promise<void> {
    this.#streams.close();
    await (await this.#sessions)?.close(this.#dependencies.config.sessions.keepsBoxes);
    await this.store.registry.close();
  }

  async #createSessions(driver: Driver): Promise<Sessions> {
    const { config, fetchOwn } = this.#dependencies;
    const egress = new Egress({
      allow: config.sessions.egress,
      ownPaths: ['/-/registry/', '/-/pypi/'],
      fetchOwn,
      onConnect: (host, isAllowed) => void this.audit('box', 'egress', host, isAllowed ? 'allowed' : 'refused'),
    });
    const { limits, idleMs, maxLifeMs, maxPerOwner, maxTotal, ownUrl } = config.sessions;
    const sessions = new Sessions({
      store: this.store,
      driver,
      limits,
      idleMs,
      maxLifeMs,
      maxPerOwner,
      maxTotal,
      ownUrl,
      onEgress: (_, stream) => egress.accept(stream),
      onNote: (note) => this.note(note),
    });
    const ended = await sessions.reap();
    if (ended > 0) this.note({ event: 'boxes-reaped', count: ended });
    return sessions;
  }
}
