// The HTTP side of sessions: grants, sessions, records. Everything from outside is validated here.
import type { HttpBindings } from '@hono/node-server';
import { Hono, type Context } from 'hono';
import { gunzipSync } from 'node:zlib';
import * as v from 'valibot';
import {
  decodePack,
  encodePack,
  isErrorCode,
  isKey,
  isVerkletError,
  MAX_PACK_BYTES,
  toErrorData,
  VerkletError,
  type ErrorCode,
} from '#protocol';
import { scopes, type BootGrant, type Scope, type SessionGrant } from '../grants.ts';
import { HeldElsewhere, passOn } from './other-replica.ts';
import type { SessionService } from './session-service.ts';
import type { Session } from './session.ts';

const MAX_KEYS = 50_000;
const MAX_JSON_BYTES = 4 * 1024 * 1024;
/** Records of one read stay within one pack; the client asks again for the rest. */
const MAX_READ_BYTES = 32 * 1024 * 1024;

const name = v.pipe(v.string(), v.minLength(1), v.maxLength(200));
const key = v.custom<string>(isKey);
const nullableKey = v.nullable(key);
const grantBody = v.object({
  projectId: name,
  workspaceKey: name,
  installationId: name,
  runtimeId: v.optional(name),
  action: v.optional(name),
});
const keysBody = v.object({ keys: v.pipe(v.array(key), v.maxLength(MAX_KEYS)) });
const commitBody = v.object({ base: nullableKey, root: key });
const ticketBody = v.object({
  port: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(65_535)),
  workspace: v.pipe(v.string(), v.regex(/^[a-z2-7]{8,40}$/)),
});
const preparedBody = v.object({ prepared: v.nullable(name) });

const statusOf: Partial<Record<ErrorCode, number>> = {
  ERR_GRANT: 401,
  ERR_NO_SUCH_SESSION: 404,
  ERR_STALE_ROOT: 409,
  ERR_QUOTA: 429,
  ERR_NO_DRIVER: 503,
  ERR_BOX_FAILED: 503,
  ERR_SESSION_LOST: 503,
  ERR_BODY_TOO_LARGE: 413,
  ERR_INTERNAL: 500,
};

export function createSessionApi(service: SessionService): Hono {
  const api = new Hono();
  const answerError = (error: Error): Response => {
    if (!isVerkletError(error)) service.note({ event: 'request-failed', reason: String(error) });
    const data = isVerkletError(error) ? error.toJSON() : toErrorData(new VerkletError('ERR_INTERNAL', { reason: 'see the server log' }));
    const status = isErrorCode(data.code) ? (statusOf[data.code] ?? 400) : 400;
    return Response.json({ error: data }, { status, headers: status === 429 ? { 'Retry-After': '30' } : {} });
  };
  api.onError(async (error, context) => {
    if (!(error instanceof HeldElsewhere)) return answerError(error);
    // Routes look for their session before they read a body.
    try {
      return await passOn(error, context.env as HttpBindings, context.req.raw.body);
    } catch {
      return answerError(error); // nobody answers there
    }
  });

  api.get('/status', async (context) => context.json(await service.status()));

  api.post('/grants', async (context) => {
    service.limitRate(addressOf(service, context));
    const { projectId, workspaceKey, installationId } = await body(context, grantBody);
    if (!service.givesOpenGrants) throw new VerkletError('ERR_GRANT', { reason: 'this server takes grants of its host application only' });
    const owner = `${projectId}/${installationId}`;
    return context.json({ token: await service.grants.signBoot({ owner, workspace: workspaceKey }) });
  });

  api.post('/sessions', async (context) => {
    service.limitRate(addressOf(service, context));
    const grant = await bootGrant(service, context);
    const { session, isNew } = await (await service.sessions()).obtain(grant.owner, grant.workspace);
    await service.audit(grant.owner, isNew ? 'create-session' : 'resume-session', session.id, 'ok');
    return context.json({ ...(await describe(service, session)), isNew, token: await sessionToken(service, session) });
  });

  api.get('/sessions/:id', async (context) => {
    const { session } = await owned(service, context, 'session');
    return context.json(await describe(service, session));
  });

  api.delete('/sessions/:id', async (context) => {
    const { session, grant } = await owned(service, context, 'session');
    await session.stop('its owner stopped it');
    await service.audit(grant.owner, 'stop-session', session.id, 'ok');
    return context.json({ stopped: true, root: session.files.root });
  });

  api.post('/sessions/:id/extend', async (context) => {
    const { session } = await owned(service, context, 'session');
    return context.json({ expiresAtMs: await (await service.sessions()).extend(session) });
  });

  api.post('/sessions/:id/token', async (context) => {
    const { session } = await owned(service, context, 'session');
    return context.json({ token: await sessionToken(service, session) });
  });

  api.post('/sessions/:id/prepared', async (context) => {
    const { session } = await owned(service, context, 'exec');
    const patch = await body(context, preparedBody);
    await service.store.registry.updateSession(session.id, patch);
    session.record = { ...session.record, ...patch };
    return context.json({});
  });

  api.post('/sessions/:id/root', async (context) => {
    const { session, grant } = await owned(service, context, 'files');
    const { base, root } = await body(context, commitBody);
    const result = await session.files.commit(base, root).catch((error: unknown) => {
      // Which tree it is now tells the client what to merge with.
      if (isVerkletError(error) && error.code === 'ERR_STALE_ROOT') throw new VerkletError('ERR_STALE_ROOT', { root: session.files.root });
      throw error;
    });
    await service.audit(grant.owner, 'commit-files', session.id, root);
    return context.json(result);
  });

  api.post('/sessions/:id/preview-ticket', async (context) => {
    const { session } = await owned(service, context, 'port');
    const { port, workspace } = await body(context, ticketBody);
    return context.json({ ticket: await service.previews.ticket({ session: session.id, owner: session.owner, port, workspace }) });
  });

  api.post('/records/missing', async (context) => {
    const grant = await sessionGrant(service, context, 'files');
    const { keys } = await body(context, keysBody);
    return context.json({ missing: await service.store.missing(grant.owner, keys) });
  });

  api.put('/records', async (context) => {
    const grant = await sessionGrant(service, context, 'files');
    const records = decodePack(await packBody(context));
    if (records === null) throw new VerkletError('ERR_BAD_ARCHIVE', { name: 'the pack', reason: 'it is not a pack of records' });
    await service.store.putVerified(grant.owner, records);
    service.counters.uploadedBytes += records.reduce((sum, { payload }) => sum + payload.length, 0);
    return context.json({ stored: records.length });
  });

  api.post('/records/read', async (context) => {
    const grant = await sessionGrant(service, context, 'files');
    const { keys } = await body(context, keysBody);
    const places = await service.store.registry.findRecords(grant.owner, keys);
    const sizes = new Map(places.map((place) => [place.key, place.sizeBytes]));
    let total = 0;
    const wanted = keys.filter((each, index) => (total += sizes.get(each) ?? 0) <= MAX_READ_BYTES || index === 0);
    const payloads = await service.store.read(grant.owner, wanted);
    // The type byte is not needed by a reader that asked by key.
    const pack = encodePack(wanted.map((each, index) => ({ type: 'blob', key: each, payload: payloads[index] as Uint8Array })));
    return new Response(pack, { headers: { 'Content-Type': 'application/octet-stream', 'Cache-Control': 'no-store' } });
  });
  return api;
}

async function describe(service: SessionService, session: Session) {
  const { id, record, files } = session;
  const { driver, limits, idleMs } = (await service.sessions()).options;
  return {
    id,
    root: files.root,
    batch: files.batch,
    driver: driver.name,
    isolation: driver.isolation,
    limits,
    prepared: record.prepared,
    idleMs,
    createdAtMs: record.createdAtMs,
    expiresAtMs: record.expiresAtMs,
    processes: session.processes,
  };
}

function sessionToken(service: SessionService, session: Session): Promise<string> {
  return service.grants.signSession({ session: session.id, owner: session.owner, scopes, generation: session.record.generation });
}

async function bootGrant(service: SessionService, context: Context): Promise<BootGrant> {
  return service.grants.verifyBoot(bearer(context));
}

async function sessionGrant(service: SessionService, context: Context, scope: Scope): Promise<SessionGrant> {
  const grant = await service.grants.verifySession(bearer(context));
  if (!grant.scopes.includes(scope)) throw new VerkletError('ERR_GRANT', { reason: `it does not allow ${scope}` });
  return grant;
}

async function owned(service: SessionService, context: Context, scope: Scope): Promise<{ session: Session; grant: SessionGrant }> {
  const grant = await sessionGrant(service, context, scope);
  const id = context.req.param('id') ?? '';
  if (grant.session !== id) throw new VerkletError('ERR_GRANT', { reason: 'it is for another session' });
  const session = await (await service.sessions()).getOwned(id, grant.owner);
  if (session.record.generation !== grant.generation) throw new VerkletError('ERR_GRANT', { reason: 'the session has a new box since' });
  return { session, grant };
}

function bearer(context: Context): string {
  const token = /^Bearer ([\w.-]+)$/.exec(context.req.header('authorization') ?? '')?.[1];
  if (token === undefined) throw new VerkletError('ERR_GRANT', { reason: 'there is none' });
  return token;
}

async function body<T>(context: Context, schema: v.GenericSchema<unknown, T>): Promise<T> {
  const bytes = await limited(context, MAX_JSON_BYTES);
  let data: unknown;
  try {
    data = JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    throw new VerkletError('ERR_BAD_MESSAGE', { reason: 'the body is not JSON' });
  }
  const parsed = v.safeParse(schema, data);
  if (!parsed.success) throw new VerkletError('ERR_BAD_MESSAGE', { reason: parsed.issues[0].message });
  return parsed.output;
}

async function packBody(context: Context): Promise<Uint8Array> {
  const bytes = await limited(context, MAX_PACK_BYTES);
  if (context.req.header('content-encoding') !== 'gzip') return bytes;
  try {
    return gunzipSync(bytes, { maxOutputLength: MAX_PACK_BYTES });
  } catch (cause) {
    throw new VerkletError('ERR_BAD_ARCHIVE', { name: 'the pack', reason: 'it does not unpack within the limit' }, { cause });
  }
}

/** The body, read no further than the limit. */
async function limited(context: Context, maxBytes: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of (context.req.raw.body ?? []) as AsyncIterable<Uint8Array>) {
    sizeBytes += chunk.length;
    if (sizeBytes > maxBytes) throw new VerkletError('ERR_BODY_TOO_LARGE', { limitBytes: maxBytes });
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** The last entry is the one that the proxy in front wrote; those before it are whatever the client says. */
function addressOf(service: SessionService, context: Context): string {
  const forwarded = service.trustsProxy ? context.req.header('x-forwarded-for')?.split(',').at(-1)?.trim() : undefined;
  const { incoming } = (context.env ?? {}) as { incoming?: { socket?: { remoteAddress?: string } } };
  return forwarded ?? incoming?.socket?.remoteAddress ?? 'unknown';
}
