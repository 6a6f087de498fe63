// The HTTP side of a server session: grants, sessions, records. Page side.
import {
  decodePack,
  encodePack,
  fromErrorData,
  isErrorCode,
  MAX_PACK_BYTES,
  packedBytes,
  VerkletError,
  type ErrorData,
  type PackedRecord,
} from '#protocol';

export interface SessionInfo {
  readonly id: string;
  /** Tree of its files; null when it has none yet. */
  readonly root: string | null;
  readonly batch: number;
  readonly driver: string;
  readonly isolation: string;
  readonly limits: { readonly memoryBytes: number; readonly cpus: number; readonly processes: number; readonly diskBytes: number };
  readonly prepared: string | null;
  readonly idleMs: number;
  readonly expiresAtMs: number;
}

export interface GrantInput {
  readonly projectId: string;
  readonly runtimeId: string;
  readonly workspaceKey: string;
  /** What the grant is wanted for. */
  readonly action: 'promote' | 'resume';
  /** Stays the same for this browser. */
  readonly installationId: string;
}

/** A token, an object that has one, or a function that gets one from the host application's backend. */
export type GrantOption = string | { readonly token: string } | ((input: GrantInput) => Promise<string | { readonly token: string }>);

const COMPRESS_FROM_BYTES = 1024;
const TARGET_PACK_BYTES = 4 * 1024 * 1024;
const READ_KEYS = 2000;

export class SessionClient {
  readonly base: string;
  #token = '';

  /** `url`: of the server, as `https://code.example.com`. */
  constructor(url: string) {
    this.base = `${url.replace(/\/$/, '')}/-/v1`;
  }

  get token(): string {
    return this.#token;
  }

  /** Whether the server runs sessions; null when it could not be reached. */
  async status(): Promise<{ readonly sessions: 'available' | 'unavailable'; readonly reason: string } | null> {
    const response = await fetch(`${this.base}/status`).catch(() => null); // offline: the caller decides what that means
    if (response === null) return null;
    const isOurs = response.ok && (response.headers.get('content-type') ?? '').includes('json');
    return isOurs
      ? ((await response.json()) as { sessions: 'available' | 'unavailable'; reason: string })
      : { sessions: 'unavailable', reason: 'there is no server' };
  }

  async grant(option: GrantOption | undefined, input: GrantInput): Promise<string> {
    if (option === undefined) return (await this.#ask<{ token: string }>('POST', '/grants', input, null)).token;
    const given = typeof option === 'function' ? await option(input) : option;
    return typeof given === 'string' ? given : given.token;
  }

  async obtain(grant: string): Promise<SessionInfo & { readonly isNew: boolean }> {
    const answer = await this.#ask<SessionInfo & { isNew: boolean; token: string }>('POST', '/sessions', null, grant);
    this.#token = answer.token;
    return answer;
  }

  /** Of the session's WebSocket. */
  streamUrl(session: string): string {
    const url = new URL(`${this.base}/sessions/${session}/stream`, location.href);
    url.protocol = url.protocol.replace('http', 'ws');
    return url.href;
  }

  info(session: string): Promise<SessionInfo> {
    return this.#ask('GET', `/sessions/${session}`);
  }

  async renewToken(session: string): Promise<string> {
    this.#token = (await this.#ask<{ token: string }>('POST', `/sessions/${session}/token`)).token;
    return this.#token;
  }

  stop(session: string): Promise<{ readonly root: string | null }> {
    return this.#ask('DELETE', `/sessions/${session}`);
  }

  extend(session: string): Promise<{ readonly expiresAtMs: number }> {
    return this.#ask('POST', `/sessions/${session}/extend`);
  }

  /** `workspace`: label of the preview host. */
  async previewTicket(session: string, port: number, workspace: string): Promise<string> {
    return (await this.#ask<{ ticket: string }>('POST', `/sessions/${session}/preview-ticket`, { port, workspace })).ticket;
  }

  async setPrepared(session: string, prepared: string | null): Promise<void> {
    await this.#ask('POST', `/sessions/${session}/prepared`, { prepared });
  }

  /** Rejects with `ERR_STALE_ROOT` (`details.root`: the one it is) when the session moved on from `base`. */
  commit(
    session: string,
    base: string | null,
    root: string,
  ): Promise<{ readonly failed: readonly { readonly path: string; readonly reason: string }[] }> {
    return this.#ask('POST', `/sessions/${session}/root`, { base, root });
  }

  async missing(keys: readonly string[]): Promise<string[]> {
    if (keys.length === 0) return [];
    return (await this.#ask<{ missing: string[] }>('POST', '/records/missing', { keys })).missing;
  }

  /** Sends records in packs; returns the bytes that went over the wire. */
  async upload(records: readonly PackedRecord[], onSent: (sentBytes: number) => void): Promise<number> {
    let sentBytes = 0;
    for (const group of groups(records)) {
      const pack = encodePack(group);
      const isLarge = pack.length > COMPRESS_FROM_BYTES;
      const body = isLarge ? await gzip(pack) : pack;
      await this.#request('PUT', '/records', body, this.#token, isLarge ? { 'Content-Encoding': 'gzip' } : {});
      sentBytes += body.byteLength;
      onSent(sentBytes);
    }
    return sentBytes;
  }

  /** Payloads by key. */
  async read(keys: readonly string[]): Promise<Map<string, Uint8Array>> {
    const found = new Map<string, Uint8Array>();
    let wanted = [...new Set(keys)];
    while (wanted.length > 0) {
      const response = await this.#request('POST', '/records/read', JSON.stringify({ keys: wanted.slice(0, READ_KEYS) }), this.#token);
      const records = decodePack(new Uint8Array(await response.arrayBuffer()));
      if (records === null || records.length === 0) throw new VerkletError('ERR_BAD_MESSAGE', { reason: 'the server sent no records' });
      for (const { key, payload } of records) found.set(key, payload);
      wanted = wanted.filter((key) => !found.has(key));
    }
    return found;
  }

  async #ask<T>(method: string, path: string, body: unknown = null, token: string | null = this.#token): Promise<T> {
    const response = await this.#request(method, path, body === null ? null : JSON.stringify(body), token);
    return (await response.json()) as T;
  }

  async #request(
    method: string,
    path: string,
    body: string | Uint8Array<ArrayBuffer> | null,
    token: string | null,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Response> {
    const authorization: Record<string, string> = token === null || token === '' ? {} : { Authorization: `Bearer ${token}` };
    let response: Response;
    try {
      response = await fetch(`${this.base}${path}`, { method, body, headers: { ...authorization, ...headers } });
    } catch (cause) {
      throw new VerkletError('ERR_OFFLINE', { what: 'This' }, { cause });
    }
    if (response.ok) return response;
    const data = (await response.json().catch(() => null)) as { error?: ErrorData } | null; // a proxy's own page
    if (data?.error && isErrorCode(data.error.code)) throw fromErrorData(data.error);
    throw new VerkletError('ERR_BOX_FAILED', { reason: `the server answered ${response.status}` });
  }
}

function groups(records: readonly PackedRecord[]): PackedRecord[][] {
  const result: PackedRecord[][] = [];
  let sizeBytes = Infinity;
  for (const record of records) {
    const bytes = packedBytes(record.payload.length);
    if (bytes > MAX_PACK_BYTES) throw new VerkletError('ERR_BODY_TOO_LARGE', { limitBytes: MAX_PACK_BYTES });
    if (sizeBytes + bytes > TARGET_PACK_BYTES || (result.at(-1)?.length ?? 0) >= 10_000) {
      result.push([]);
      sizeBytes = 0;
    }
    result.at(-1)?.push(record);
    sizeBytes += bytes;
  }
  return result;
}

async function gzip(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream('gzip'));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
