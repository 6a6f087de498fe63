// The registry that several servers share: Postgres. The same statements as SQLite's, with Postgres' own way to write them.
import postgres from 'postgres';
import type { AuditEntry, RecordPlace, Registry, SessionPatch, SessionRecord } from './registry.ts';

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS sessions (
    id TEXT PRIMARY KEY, owner TEXT NOT NULL, workspace TEXT NOT NULL, driver TEXT NOT NULL, state TEXT NOT NULL,
    root TEXT, box TEXT, generation INTEGER NOT NULL, prepared TEXT, "createdAtMs" DOUBLE PRECISION NOT NULL,
    "activeAtMs" DOUBLE PRECISION NOT NULL, "expiresAtMs" DOUBLE PRECISION NOT NULL, "leaseHolder" TEXT,
    "leaseUntilMs" DOUBLE PRECISION NOT NULL);
  CREATE UNIQUE INDEX IF NOT EXISTS live_sessions ON sessions (owner, workspace) WHERE state <> 'stopped';
  CREATE TABLE IF NOT EXISTS records (
    owner TEXT NOT NULL, key TEXT NOT NULL, pack TEXT NOT NULL, "offset" INTEGER NOT NULL, "sizeBytes" INTEGER NOT NULL,
    PRIMARY KEY (owner, key));
  CREATE TABLE IF NOT EXISTS grants (id TEXT PRIMARY KEY, "expiresAtMs" DOUBLE PRECISION NOT NULL);
  CREATE TABLE IF NOT EXISTS claims (name TEXT PRIMARY KEY, value TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS audit (
    number BIGSERIAL PRIMARY KEY, "atMs" DOUBLE PRECISION NOT NULL, actor TEXT NOT NULL, action TEXT NOT NULL,
    target TEXT NOT NULL, result TEXT NOT NULL);
`;
/** Any number, the same in every server: replicas that start together make the tables one after the other. */
const SCHEMA_LOCK = 7_305_411;

export class PostgresRegistry implements Registry {
  readonly #sql: postgres.Sql;

  private constructor(sql: postgres.Sql) {
    this.#sql = sql;
  }

  static async open(url: string): Promise<PostgresRegistry> {
    const sql = postgres(url, { max: 10, onnotice: () => undefined });
    await sql.begin(async (transaction) => {
      await transaction`SELECT pg_advisory_xact_lock(${SCHEMA_LOCK})`;
      await transaction.unsafe(SCHEMA);
    });
    return new PostgresRegistry(sql);
  }

  async insertSession(session: SessionRecord): Promise<boolean> {
    const result = await this.#sql`INSERT INTO sessions ${this.#sql({ ...session })} ON CONFLICT DO NOTHING`;
    return result.count > 0;
  }

  async getSession(id: string): Promise<SessionRecord | null> {
    const [row] = await this.#sql<SessionRecord[]>`SELECT * FROM sessions WHERE id = ${id}`;
    return row ? { ...row } : null;
  }

  async findSession(owner: string, workspace: string): Promise<SessionRecord | null> {
    const [row] = await this.#sql<SessionRecord[]>`
      SELECT * FROM sessions WHERE owner = ${owner} AND workspace = ${workspace} AND state <> 'stopped'`;
    return row ? { ...row } : null;
  }

  async lastRoot(owner: string, workspace: string): Promise<string | null> {
    const [row] = await this.#sql<{ root: string }[]>`
      SELECT root FROM sessions WHERE owner = ${owner} AND workspace = ${workspace} AND root IS NOT NULL
      ORDER BY "createdAtMs" DESC LIMIT 1`;
    return row?.root ?? null;
  }

  async liveSessions(): Promise<SessionRecord[]> {
    const rows = await this.#sql<SessionRecord[]>`SELECT * FROM sessions WHERE state <> 'stopped'`;
    return rows.map((row) => ({ ...row }));
  }

  async updateSession(id: string, patch: SessionPatch): Promise<void> {
    await this.#sql`UPDATE sessions SET ${this.#sql({ ...patch })} WHERE id = ${id}`;
  }

  async moveRoot(id: string, from: string | null, to: string): Promise<boolean> {
    const result = await this.#sql`UPDATE sessions SET root = ${to} WHERE id = ${id} AND root IS NOT DISTINCT FROM ${from}`;
    return result.count > 0;
  }

  async takeLease(id: string, holder: string, nowMs: number, untilMs: number): Promise<boolean> {
    const result = await this.#sql`
      UPDATE sessions SET "leaseHolder" = ${holder}, "leaseUntilMs" = ${untilMs}
      WHERE id = ${id} AND ("leaseHolder" IS NULL OR "leaseHolder" = ${holder} OR "leaseUntilMs" < ${nowMs})`;
    return result.count > 0;
  }

  async knownRecords(owner: string, keys: readonly string[]): Promise<Set<string>> {
    const rows = await this.#sql<{ key: string }[]>`SELECT key FROM records WHERE owner = ${owner} AND key = ANY(${[...keys]})`;
    return new Set(rows.map(({ key }) => key));
  }

  async findRecords(owner: string, keys: readonly string[]): Promise<RecordPlace[]> {
    const rows = await this.#sql<RecordPlace[]>`
      SELECT key, pack, "offset", "sizeBytes" FROM records WHERE owner = ${owner} AND key = ANY(${[...keys]})`;
    const byKey = new Map(rows.map((row) => [row.key, { ...row }]));
    return keys.flatMap((key) => byKey.get(key) ?? []);
  }

  async addRecords(owner: string, places: readonly RecordPlace[]): Promise<void> {
    // Postgres takes 65,535 parameters in one statement.
    await this.#sql.begin(async (transaction) => {
      for (let at = 0; at < places.length; at += 5000) {
        const rows = places.slice(at, at + 5000).map((place) => ({ owner, ...place }));
        await transaction`INSERT INTO records ${transaction(rows)} ON CONFLICT DO NOTHING`;
      }
    });
  }

  async storedBytes(owner: string): Promise<number> {
    const [row] = await this.#sql<{ total: string }[]>`SELECT COALESCE(SUM("sizeBytes"), 0) AS total FROM records WHERE owner = ${owner}`;
    return Number(row?.total ?? 0);
  }

  async claim(name: string, value: string): Promise<string> {
    await this.#sql`INSERT INTO claims ${this.#sql({ name, value })} ON CONFLICT DO NOTHING`;
    const [row] = await this.#sql<{ value: string }[]>`SELECT value FROM claims WHERE name = ${name}`;
    return row?.value ?? value;
  }

  async useGrant(id: string, expiresAtMs: number): Promise<boolean> {
    await this.#sql`DELETE FROM grants WHERE "expiresAtMs" < ${Date.now() - 3_600_000}`;
    const result = await this.#sql`INSERT INTO grants ${this.#sql({ id, expiresAtMs })} ON CONFLICT DO NOTHING`;
    return result.count > 0;
  }

  async appendAudit(entry: AuditEntry): Promise<void> {
    await this.#sql`INSERT INTO audit ${this.#sql({ ...entry })}`;
  }

  async readAudit(limit: number): Promise<AuditEntry[]> {
    const rows = await this.#sql<AuditEntry[]>`
      SELECT "atMs", actor, action, target, result FROM audit ORDER BY number DESC LIMIT ${limit}`;
    return rows.map((row) => ({ ...row }));
  }

  async close(): Promise<void> {
    await this.#sql.end({ timeout: 5 });
  }
}
