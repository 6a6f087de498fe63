// All sessions of this replica: made, found, kept alive by leases, ended when idle. State is in the registry; what is in
// memory can be lost at any time.
import { randomBytes, randomUUID } from 'node:crypto';
import { VerkletError, type LinkStream, type StreamEvents } from '#protocol';
import type { BoxLimits, Driver } from '../drivers/driver.ts';
import type { RecordStore } from '../state/record-store.ts';
import type { SessionRecord } from '../state/registry.ts';
import { isKnownDead, ownHolder } from './lease-holder.ts';
import { HeldElsewhere, holderWithUrl } from './other-replica.ts';
import { Session, unknownSession } from './session.ts';

const LEASE_MS = 30_000;
const TICK_MS = 10_000;

export interface SessionsOptions {
  readonly store: RecordStore;
  readonly driver: Driver;
  readonly limits: BoxLimits;
  /** A session without clients and processes ends after this; one with clients stays up to its expiry. */
  readonly idleMs: number;
  readonly maxLifeMs: number;
  readonly maxPerOwner: number;
  readonly maxTotal: number;
  /** Where other replicas reach this one; null: they do not. */
  readonly ownUrl: string | null;
  readonly onEgress: (session: Session, stream: LinkStream) => StreamEvents;
  /** Something worth a line in the log. */
  readonly onNote: (note: Readonly<Record<string, string | number>>) => void;
}

export class Sessions {
  readonly options: SessionsOptions;
  readonly #holder: string;
  readonly #live = new Map<string, Session>();
  readonly #starting = new Map<string, Promise<Session>>();
  /** Boxes of ended sessions whose engine was away. */
  readonly #left = new Set<string>();
  readonly #timer: NodeJS.Timeout;
  #isClosed = false;

  constructor(options: SessionsOptions) {
    this.options = options;
    this.#holder = holderWithUrl(`${ownHolder()}/${randomUUID()}`, options.ownUrl);
    this.#timer = setInterval(() => {
      this.#tick().catch((error: unknown) => options.onNote({ event: 'round-failed', reason: String(error) })); // the next one comes
    }, TICK_MS);
    this.#timer.unref();
  }

  get count(): number {
    return this.#live.size;
  }

  list(): Session[] {
    return [...this.#live.values()];
  }

  /** After a start: ends boxes that no session owns. Boxes of live sessions wait for their clients. */
  async reap(): Promise<number> {
    const { store, driver, idleMs } = this.options;
    const nowMs = Date.now();
    const live: string[] = [];
    for (const { id, leaseUntilMs, activeAtMs, expiresAtMs } of await store.registry.liveSessions()) {
      // Its server died long ago, and nobody came back for it.
      const isAbandoned = leaseUntilMs < nowMs && (nowMs - activeAtMs > idleMs || nowMs > expiresAtMs);
      if (isAbandoned) await store.registry.updateSession(id, { state: 'stopped', box: null });
      else live.push(id);
    }
    return driver.reap(new Set(live));
  }

  /** The owner's live session for the workspace, or a new one that starts with the workspace's last files. */
  async obtain(owner: string, workspace: string): Promise<{ session: Session; isNew: boolean }> {
    const { registry } = this.options.store;
    const existing = await registry.findSession(owner, workspace);
    if (existing) return { session: await this.get(existing.id), isNew: false };
    const live = await registry.liveSessions();
    if (live.filter((session) => session.owner === owner).length >= this.options.maxPerOwner) {
      throw new VerkletError('ERR_QUOTA', { limit: this.options.maxPerOwner, what: 'sessions at a time' });
    }
    if (live.length >= this.options.maxTotal)
      throw new VerkletError('ERR_QUOTA', { limit: this.options.maxTotal, what: 'sessions on this server' });
    const nowMs = Date.now();
    const record: SessionRecord = {
      id: `s${randomBytes(12).toString('hex')}`,
      owner,
      workspace,
      driver: this.options.driver.name,
      state: 'starting',
      root: await registry.lastRoot(owner, workspace),
      box: null,
      generation: 0,
      prepared: null,
      createdAtMs: nowMs,
      activeAtMs: nowMs,
      expiresAtMs: nowMs + this.options.maxLifeMs,
      leaseHolder: null,
      leaseUntilMs: 0,
    };
    if (!(await registry.insertSession(record))) return this.obtain(owner, workspace);
    return { session: await this.get(record.id), isNew: true };
  }

  /** The session, brought to life in this replica when it is not. Throws `ERR_NO_SUCH_SESSION`, {@link HeldElsewhere}. */
  async get(id: string): Promise<Session> {
    const live = this.#live.get(id);
    if (live) return live;
    const starting = this.#starting.get(id) ?? this.#start(id);
    this.#starting.set(id, starting);
    try {
      return await starting;
    } finally {
      this.#starting.delete(id);
    }
  }

  /** As {@link get}, for an owner: somebody else's session does not exist. */
  async getOwned(id: string, owner: string): Promise<Session> {
    const record = await this.options.store.registry.getSession(id);
    if (record === null || record.owner !== owner || record.state === 'stopped') throw unknownSession(id);
    return this.get(id);
  }

  async extend(session: Session): Promise<number> {
    const expiresAtMs = Date.now() + this.options.maxLifeMs;
    await this.options.store.registry.updateSession(session.id, { expiresAtMs });
    session.record = { ...session.record, expiresAtMs };
    return expiresAtMs;
  }

  /** Ends everything this replica runs, or (`mustKeep`) leaves the boxes for the next. */
  async close(mustKeep: boolean): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#timer);
    await Promise.allSettled(this.#starting.values());
    await Promise.all(
      this.list().map(async (session) => {
        if (!mustKeep) return session.stop('the server shuts down');
        await session.files.flush().catch(() => undefined); // what is not stored now is reported by the box later
        session.release();
      }),
    );
    this.#live.clear();
  }

  async #start(id: string): Promise<Session> {
    const { store, driver, limits, onEgress, onNote } = this.options;
    const record = await store.registry.getSession(id);
    if (record === null || record.state === 'stopped' || this.#isClosed) throw unknownSession(id);
    const nowMs = Date.now();
    // A dead server's lease is over, whatever it says.
    const isOver = record.leaseHolder !== null && isKnownDead(record.leaseHolder);
    const asOfMs = isOver ? record.leaseUntilMs + 1 : nowMs;
    if (!(await store.registry.takeLease(id, this.#holder, asOfMs, nowMs + LEASE_MS))) {
      throw new HeldElsewhere((await store.registry.getSession(id))?.leaseHolder ?? null);
    }
    const session: Session = new Session({
      record,
      driver,
      limits,
      store,
      onEgress: (stream) => onEgress(session, stream),
      onEnded: (reason) => {
        this.#live.delete(id);
        onNote({ event: 'session-ended', session: id, reason });
      },
      onLeft: (handle) => {
        this.#left.add(handle);
        onNote({ event: 'box-left', session: id });
      },
    });
    try {
      await session.start();
    } catch (error) {
      await store.registry.updateSession(id, { state: 'stopped', box: null });
      throw error;
    }
    this.#live.set(id, session);
    onNote({ event: 'session-started', session: id, driver: driver.name, durationMs: Date.now() - nowMs });
    return session;
  }

  async #endLeft(): Promise<void> {
    for (const handle of [...this.#left]) {
      try {
        await (await this.options.driver.adopt(handle))?.stop();
        this.#left.delete(handle);
      } catch {
        return; // the engine is still away
      }
    }
  }

  async #tick(): Promise<void> {
    await this.#endLeft();
    const { registry } = this.options.store;
    const nowMs = Date.now();
    for (const session of this.list()) {
      if (session.clients > 0 || session.processes > 0) {
        session.record = { ...session.record, activeAtMs: nowMs };
        await registry.updateSession(session.id, { activeAtMs: nowMs });
      }
      const isIdle = nowMs - session.record.activeAtMs > this.options.idleMs;
      if (isIdle || nowMs > session.record.expiresAtMs) await session.stop(isIdle ? 'nobody used it' : 'its time was over');
      else if (!(await registry.takeLease(session.id, this.#holder, nowMs, nowMs + LEASE_MS))) {
        session.release();
        this.#live.delete(session.id);
      }
    }
  }
}
