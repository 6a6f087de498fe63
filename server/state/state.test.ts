// One contract for every registry and every object store. Postgres joins when VERKLET_TEST_POSTGRES names one; the S3 store
// is tested against a strict server of our own that checks signatures and ranges.
import { createHash, createHmac } from 'node:crypto';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FileObjects } from './file-objects.ts';
import { PostgresRegistry } from './postgres-registry.ts';
import type { ObjectStore, Registry, SessionRecord } from './registry.ts';
import { S3Objects } from './s3-objects.ts';
import { SqliteRegistry } from './sqlite-registry.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'verklet-state-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const run = `run${Date.now()}`;

function session(id: string, more: Partial<SessionRecord> = {}): SessionRecord {
  return {
    id: `${run}-${id}`,
    owner: `${run}-owner`,
    workspace: id,
    driver: 'process',
    state: 'starting',
    root: null,
    box: null,
    generation: 0,
    prepared: null,
    createdAtMs: 1_000,
    activeAtMs: 1_000,
    expiresAtMs: 9_000,
    leaseHolder: null,
    leaseUntilMs: 0,
    ...more,
  };
}

function registryContract(name: string, open: () => Promise<Registry> | Registry): void {
  describe(`the ${name} registry`, () => {
    let registry: Registry;
    beforeAll(async () => {
      registry = await open();
    });
    afterAll(() => registry.close());

    test('a session is found as it was stored', async () => {
      const stored = session('a', { box: '{"pid":1}', root: 'r' });
      expect(await registry.insertSession(stored)).toBe(true);
      expect(await registry.getSession(stored.id)).toEqual(stored);
      expect(await registry.findSession(stored.owner, 'a')).toEqual(stored);
      expect(await registry.getSession('nobody')).toBeNull();
    });

    test('a workspace has one live session, and another after it stopped', async () => {
      expect(await registry.insertSession(session('one'))).toBe(true);
      expect(await registry.insertSession({ ...session('two'), workspace: 'one' })).toBe(false);
      await registry.updateSession(session('one').id, { state: 'stopped', root: 'last' });
      expect(await registry.insertSession({ ...session('two'), workspace: 'one', createdAtMs: 2_000 })).toBe(true);
      expect(await registry.lastRoot(session('one').owner, 'one')).toBe('last');
      expect((await registry.liveSessions()).map(({ id }) => id)).not.toContain(session('one').id);
    });

    test('a root moves only from where it is, once', async () => {
      const stored = session('root');
      await registry.insertSession(stored);
      const moves = await Promise.all(['x', 'y', 'z'].map((to) => registry.moveRoot(stored.id, null, to)));
      expect(moves.filter(Boolean)).toHaveLength(1);
      const { root } = (await registry.getSession(stored.id)) as SessionRecord;
      expect(await registry.moveRoot(stored.id, null, 'w')).toBe(false);
      expect(await registry.moveRoot(stored.id, root, 'w')).toBe(true);
    });

    test('a lease has one holder until it runs out', async () => {
      const stored = session('lease');
      await registry.insertSession(stored);
      const taken = await Promise.all(['a', 'b', 'c'].map((holder) => registry.takeLease(stored.id, holder, 100, 200)));
      expect(taken.filter(Boolean)).toHaveLength(1);
      const holder = ['a', 'b', 'c'][taken.indexOf(true)] as string;
      expect(await registry.takeLease(stored.id, holder, 150, 300)).toBe(true);
      expect(await registry.takeLease(stored.id, 'other', 250, 400)).toBe(false);
      expect(await registry.takeLease(stored.id, 'other', 301, 400)).toBe(true);
    });

    test('records belong to their owner', async () => {
      const places = Array.from({ length: 12_000 }, (_, index) => ({
        key: `${run}${index}`,
        pack: 'p',
        offset: index * 10,
        sizeBytes: 10,
      }));
      await registry.addRecords(`${run}-alice`, places);
      await registry.addRecords(`${run}-alice`, places.slice(0, 3));
      const keys = [`${run}0`, `${run}11999`, 'unknown'];
      expect(await registry.knownRecords(`${run}-alice`, keys)).toEqual(new Set(keys.slice(0, 2)));
      expect(await registry.knownRecords(`${run}-bob`, keys)).toEqual(new Set());
      expect(await registry.findRecords(`${run}-alice`, [`${run}7`])).toEqual([places[7]]);
      expect(await registry.storedBytes(`${run}-alice`)).toBe(120_000);
      expect(await registry.storedBytes(`${run}-bob`)).toBe(0);
    });

    test('a grant is used once', async () => {
      const uses = await Promise.all([1, 2, 3].map(() => registry.useGrant(`${run}-grant`, Date.now() + 60_000)));
      expect(uses.filter(Boolean)).toHaveLength(1);
    });

    test('a name is claimed once, and everybody hears by whom', async () => {
      const heard = await Promise.all(['a', 'b', 'c'].map((value) => registry.claim(`${run}-name`, value)));
      expect(new Set(heard).size).toBe(1);
      expect(await registry.claim(`${run}-name`, 'late')).toBe(heard[0]);
    });

    test('the audit log keeps order', async () => {
      for (const action of ['first', 'second']) await registry.appendAudit({ atMs: 5, actor: 'a', action, target: 't', result: 'ok' });
      expect((await registry.readAudit(2)).map(({ action }) => action)).toEqual(['second', 'first']);
    });
  });
}

function objectContract(name: string, open: () => Promise<ObjectStore> | ObjectStore): void {
  describe(`the ${name} object store`, () => {
    let objects: ObjectStore;
    beforeAll(async () => {
      objects = await open();
    });
    const bytes = new TextEncoder().encode('0123456789');

    test('a range of what was put is read', async () => {
      await objects.put('owner/pack-1', bytes);
      expect(new TextDecoder().decode(await objects.read('owner/pack-1', 2, 5))).toBe('23456');
      expect(await objects.read('owner/pack-1', 0, 10)).toEqual(bytes);
    });

    test('what is not there, or not long enough, is a coded error', async () => {
      await expect(objects.read('owner/none', 0, 1)).rejects.toMatchObject({ code: 'ERR_INTEGRITY' });
      await expect(objects.read('owner/pack-1', 8, 5)).rejects.toMatchObject({ code: 'ERR_INTEGRITY' });
    });

    test.each(['../x', '/etc/x', 'a//b', '', 'a/../../b', 'a b'])('the name %j is refused', async (bad) => {
      await expect(objects.put(bad, bytes)).rejects.toMatchObject({ code: 'ERR_BAD_OPTION' });
    });

    test('what was deleted is gone, and deleting again is harmless', async () => {
      await objects.put('owner/gone', bytes);
      await objects.delete('owner/gone');
      await objects.delete('owner/gone');
      await expect(objects.read('owner/gone', 0, 1)).rejects.toMatchObject({ code: 'ERR_INTEGRITY' });
    });
  });
}

registryContract('SQLite', () => new SqliteRegistry(path.join(folder, 'registry.sqlite')));
const postgresUrl = process.env['VERKLET_TEST_POSTGRES'];
if (postgresUrl === undefined) {
  process.stderr.write('The Postgres registry is not tested: VERKLET_TEST_POSTGRES names none; `npm run test:postgres` starts one\n');
  test.skip('no Postgres', () => undefined);
} else registryContract('Postgres', () => PostgresRegistry.open(postgresUrl));

objectContract('file', () => new FileObjects(path.join(folder, 'objects')));

const credentials = { accessKeyId: 'test', secretAccessKey: 'a secret of the test', region: 'test-1' };
let bucket: Server;
afterAll(() => new Promise((resolve) => bucket.close(resolve)));
objectContract('S3', async () => {
  bucket = await startBucket();
  return new S3Objects({ ...credentials, url: `http://127.0.0.1:${(bucket.address() as AddressInfo).port}/bucket` });
});

test('a wrong secret reads and writes nothing', async () => {
  const objects = new S3Objects({
    ...credentials,
    secretAccessKey: 'wrong',
    url: `http://127.0.0.1:${(bucket.address() as AddressInfo).port}/bucket`,
  });
  await expect(objects.put('owner/x', new Uint8Array(1))).rejects.toThrow();
  await expect(objects.read('owner/pack-1', 0, 1)).rejects.toThrow();
});

/** As strict as the real thing in what matters here: signature version 4 over the sent headers, and ranges. */
async function startBucket(): Promise<Server> {
  const stored = new Map<string, Buffer>();
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    const name = request.url ?? '';
    if (!isSigned(request)) return void response.writeHead(403).end();
    const found = stored.get(name);
    if (request.method === 'PUT') {
      stored.set(name, body);
      response.writeHead(200).end();
    } else if (request.method === 'DELETE') {
      stored.delete(name);
      response.writeHead(204).end();
    } else if (!found) response.writeHead(404).end();
    else {
      const [, from = '0', to = ''] = /bytes=(\d+)-(\d+)/.exec(request.headers.range ?? '') ?? [];
      response.writeHead(206).end(found.subarray(Number(from), Number(to) + 1));
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

function isSigned({ headers, method, url }: IncomingMessage): boolean {
  const match = /Credential=([^,]+), SignedHeaders=([^,]+), Signature=(\w+)/.exec(headers.authorization ?? '');
  const [, credential = '', signed = '', signature = ''] = match ?? [];
  const scope = credential.split('/').slice(1);
  const canonicalHeaders = signed.split(';').map((name) => `${name}:${String(headers[name])}\n`);
  const payloadHash = String(headers['x-amz-content-sha256'] ?? 'UNSIGNED-PAYLOAD');
  const canonical = [method, url, '', canonicalHeaders.join(''), signed, payloadHash].join('\n');
  const hash = createHash('sha256').update(canonical).digest('hex');
  const toSign = ['AWS4-HMAC-SHA256', headers['x-amz-date'], scope.join('/'), hash].join('\n');
  const key = scope.reduce<Buffer | string>(
    (secret, part) => createHmac('sha256', secret).update(part).digest(),
    `AWS4${credentials.secretAccessKey}`,
  );
  return createHmac('sha256', key).update(toSign).digest('hex') === signature;
}
