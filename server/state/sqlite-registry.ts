// The registry of a single server: one SQLite file through Node's own binding.
import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import type { AuditEntry, RecordPlace, Registry, SessionPatch, SessionRecord } from './registry.ts';

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS sessions (
    id TEXT PRIMARY KEY, owner TEXT NOT NULL, workspace TEXT NOT NULL, driver TEXT NOT NULL, state TEXT NOT NULL,
    root TEXT, box TEXT, generation INTEGER NOT NULL, prepared TEXT, createdAtMs INTEGER NOT NULL,
    activeAtMs INTEGER NOT NULL, expiresAtMs INTEGER NOT NULL, leaseHolder TEXT, leaseUntilMs INTEGER NOT NULL);
  CREATE UNIQUE INDEX IF NOT EXISTS live_sessions ON sessions (owner, workspace) WHERE state <> 'stopped';
  CREATE TABLE IF NOT EXISTS records (
    owner TEXT NOT NULL, key TEXT NOT NULL, pack TEXT NOT NULL, offset INTEGER NOT NULL, sizeBytes INTEGER NOT NULL,
    PRIMARY KEY (owner, key)) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS grants (id TEXT PRIMARY KEY, expiresAtMs INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS claims (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS audit (
    atMs INTEGER NOT NULL, actor TEXT NOT NULL, action TEXT NOT NULL, target TEXT NOT NULL, result TEXT NOT NULL);
`;
const PATCHABLE = new Set(['state', 'root', 'box', 'generation', 'prepared', 'activeAtMs', 'expiresAtMs']);

export class SqliteRegistry implements Registry {
  readonly #database: DatabaseSync;

  constructor(file: string) {
    this.#database = new DatabaseSync(file);
    this.#database.exec('PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;');
    this.#database.exec(SCHEMA);
  }

  async insertSession(session: SessionRecord): Promise<boolean> {
    const names = Object.keys(session);
    const values = Object.values(session) as SQLInputValue[];
    const sql = `INSERT INTO sessions (${names.join(', ')}) VALUES (${names.map(() => '?').join(', ')}) ON CONFLICT DO NOTHING`;
    return this.#run(sql, values) > 0;
  }

  async getSession(id: string): Promise<SessionRecord | null> {
    return this.#first<SessionRecord>('SELECT * FROM sessions WHERE id = ?', [id]);
  }

  async findSession(owner: string, workspace: string): Promise<SessionRecord | null> {
    return this.#first<SessionRecord>("SELECT * FROM sessions WHERE owner = ? AND workspace = ? AND state <> 'stopped'", [
      owner,
      workspace,
    ]);
  }

  async lastRoot(owner: string, workspace: string): Promise<string | null> {
    const sql = 'SELECT root FROM sessions WHERE owner = ? AND workspace = ? AND root IS NOT NULL ORDER BY createdAtMs DESC LIMIT 1';
    return this.#first<{ root: string }>(sql, [owner, workspace])?.root ?? null;
  }

  async liveSessions(): Promise<SessionRecord[]> {
    return this.#all<SessionRecord>("SELECT * FROM sessions WHERE state <> 'stopped'", []);
  }

  async updateSession(id: string, patch: SessionPatch): Promise<void> {
    const entries = Object.entries(patch).filter(([name]) => PATCHABLE.has(name));
    const sql = `UPDATE sessions SET ${entries.map(([name]) => `${name} = ?`).join(', ')} WHERE id = ?`;
    this.#run(sql, [...entries.map(([, value]) => value as SQLInputValue), id]);
  }

  async moveRoot(id: string, from: string | null, to: string): Promise<boolean> {
    return this.#run('UPDATE sessions SET root = ? WHERE id = ? AND root IS ?', [to, id, from]) > 0;
  }

  async takeLease(id: string, holder: string, nowMs: number, untilMs: number): Promise<boolean> {
    const sql =
      'UPDATE sessions SET leaseHolder = ?, leaseUntilMs = ? WHERE id = ? AND (leaseHolder IS NULL OR leaseHolder = ? OR leaseUntilMs < ?)';
    return this.#run(sql, [holder, untilMs, id, holder, nowMs]) > 0;
  }

  async knownRecords(owner: string, keys: readonly string[]): Promise<Set<string>> {
    const statement = this.#database.prepare('SELECT 1 FROM records WHERE owner = ? AND key = ?');
    return new Set(keys.filter((key) => statement.get(owner, key) !== undefined));
  }

  async findRecords(owner: string, keys: readonly string[]): Promise<RecordPlace[]> {
    const statement = this.#database.prepare('SELECT key, pack, offset, sizeBytes FROM records WHERE owner = ? AND key = ?');
    return keys.flatMap((key) => (statement.get(owner, key) as unknown as RecordPlace | undefined) ?? []);
  }

  async addRecords(owner: string, places: readonly RecordPlace[]): Promise<void> {
    const statement = this.#database.prepare(
      'INSERT INTO records (owner, key, pack, offset, sizeBytes) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING',
    );
    this.#database.exec('BEGIN IMMEDIATE');
    try {
      for (const { key, pack, offset, sizeBytes } of places) statement.run(owner, key, pack, offset, sizeBytes);
      this.#database.exec('COMMIT');
    } catch (error) {
      this.#database.exec('ROLLBACK');
      throw error;
    }
  }

  async storedBytes(owner: string): Promise<number> {
    return this.#first<{ total: number }>('SELECT COALESCE(SUM(sizeBytes), 0) AS total FROM records WHERE owner = ?', [owner])?.total ?? 0;
  }

  async claim(name: string, value: string): Promise<string> {
    this.#run('INSERT INTO claims (name, value) VALUES (?, ?) ON CONFLICT DO NOTHING', [name, value]);
    return this.#first<{ value: string }>('SELECT value FROM claims WHERE name = ?', [name])?.value ?? value;
  }

  async useGrant(id: string, expiresAtMs: number): Promise<boolean> {
    this.#run('DELETE FROM grants WHERE expiresAtMs < ?', [Date.now() - 3_600_000]);
    return this.#run('INSERT INTO grants (id, expiresAtMs) VALUES (?, ?) ON CONFLICT DO NOTHING', [id, expiresAtMs]) > 0;
  }

  async appendAudit({ atMs, actor, action, target, result }: AuditEntry): Promise<void> {
    this.#run('INSERT INTO audit (atMs, actor, action, target, result) VALUES (?, ?, ?, ?, ?)', [atMs, actor, action, target, result]);
  }

  async readAudit(limit: number): Promise<AuditEntry[]> {
    return this.#all<AuditEntry>('SELECT * FROM audit ORDER BY rowid DESC LIMIT ?', [limit]);
  }

  async close(): Promise<void> {
    this.#database.close();
  }

  #run(sql: string, values: readonly SQLInputValue[]): number {
    return Number(this.#database.prepare(sql).run(...values).changes);
  }

  #first<T>(sql: string, values: readonly SQLInputValue[]): T | null {
    const row = this.#database.prepare(sql).get(...values);
    return row === undefined ? null : ({ ...row } as T);
  }

  #all<T>(sql: string, values: readonly SQLInputValue[]): T[] {
    return this.#database
      .prepare(sql)
      .all(...values)
      .map((row) => ({ ...row }) as T);
  }
}
