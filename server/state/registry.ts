// What the server remembers: sessions with their leases, where records lie, revoked grants, the audit log. Several
// replicas may share one registry; every change that they could race for is one statement.

export type SessionState = 'starting' | 'running' | 'stopped';

export interface SessionRecord {
  readonly id: string;
  /** Who may use it: the grant's subject. */
  readonly owner: string;
  /** The owner's name for the workspace; one live session each. */
  readonly workspace: string;
  readonly driver: string;
  readonly state: SessionState;
  /** Tree of its files; null before the first commit. */
  readonly root: string | null;
  /** How the driver finds the box again; null without one. */
  readonly box: string | null;
  /** Moves with every new box: grants of the old one end. */
  readonly generation: number;
  /** Hash of the lockfile that was prepared in this box. */
  readonly prepared: string | null;
  readonly createdAtMs: number;
  readonly activeAtMs: number;
  readonly expiresAtMs: number;
  /** The replica that runs it, and until when it says so. */
  readonly leaseHolder: string | null;
  readonly leaseUntilMs: number;
}

export type SessionPatch = Partial<
  Pick<SessionRecord, 'state' | 'root' | 'box' | 'generation' | 'prepared' | 'activeAtMs' | 'expiresAtMs'>
>;

/** Where a record's payload is: a range of a stored pack. */
export interface RecordPlace {
  readonly key: string;
  readonly pack: string;
  readonly offset: number;
  readonly sizeBytes: number;
}

export interface AuditEntry {
  readonly atMs: number;
  readonly actor: string;
  readonly action: string;
  readonly target: string;
  readonly result: string;
}

export interface Registry {
  /** False when the owner's workspace has a live session already. */
  insertSession(session: SessionRecord): Promise<boolean>;
  getSession(id: string): Promise<SessionRecord | null>;
  /** The live (not stopped) session of a workspace. */
  findSession(owner: string, workspace: string): Promise<SessionRecord | null>;
  /** The newest root of a workspace, of any session. */
  lastRoot(owner: string, workspace: string): Promise<string | null>;
  liveSessions(): Promise<SessionRecord[]>;
  updateSession(id: string, patch: SessionPatch): Promise<void>;
  /** Moves the root only from the expected one: the loser of a race is told. */
  moveRoot(id: string, from: string | null, to: string): Promise<boolean>;
  /** Takes or renews the lease; false while another holder's has not run out. */
  takeLease(id: string, holder: string, nowMs: number, untilMs: number): Promise<boolean>;

  /** Which of the keys this owner has: never anybody else's. */
  knownRecords(owner: string, keys: readonly string[]): Promise<Set<string>>;
  findRecords(owner: string, keys: readonly string[]): Promise<RecordPlace[]>;
  addRecords(owner: string, places: readonly RecordPlace[]): Promise<void>;
  storedBytes(owner: string): Promise<number>;

  /** The value that was stored first under this name, for good: replicas that race agree on one. */
  claim(name: string, value: string): Promise<string>;
  /** True the first time only: a grant that may be used once. */
  useGrant(id: string, expiresAtMs: number): Promise<boolean>;
  appendAudit(entry: AuditEntry): Promise<void>;
  readAudit(limit: number): Promise<AuditEntry[]>;
  close(): Promise<void>;
}

/** Immutable objects by name. */
export interface ObjectStore {
  /** Durable when it resolves. A second write of a name changes nothing. */
  put(name: string, bytes: Uint8Array): Promise<void>;
  /** Rejects with `ERR_INTEGRITY` when there is no such object or range. */
  read(name: string, offset: number, sizeBytes: number): Promise<Uint8Array>;
  delete(name: string): Promise<void>;
}
