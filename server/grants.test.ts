// Grants: what is refused matters more than what is granted.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { exportJWK, generateKeyPair, SignJWT, UnsecuredJWT } from 'jose';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Grants } from './grants.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'verklet-grants-'));
const AUDIENCE = 'https://code.example.com';
let grants: Grants;
let host: Awaited<ReturnType<typeof generateKeyPair>>;

beforeAll(async () => {
  host = await generateKeyPair('EdDSA', { extractable: true });
  const key = { ...(await exportJWK(host.publicKey)), kid: 'host-1' };
  writeFileSync(path.join(folder, 'host.json'), JSON.stringify({ keys: [key] }));
  grants = await Grants.open({ claim: async (_, value) => value }, AUDIENCE, path.join(folder, 'host.json'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** As a host application's backend signs one. */
function hostGrant(
  change: { typ?: string; kid?: string; aud?: string; exp?: string | number; nbf?: string; claims?: object } = {},
): Promise<string> {
  return new SignJWT({ ws: 'w', ...change.claims })
    .setProtectedHeader({ alg: 'EdDSA', typ: change.typ ?? 'verklet-boot+jwt', kid: change.kid ?? 'host-1' })
    .setSubject('alice')
    .setAudience(change.aud ?? AUDIENCE)
    .setIssuedAt()
    .setNotBefore(change.nbf ?? '0s')
    .setExpirationTime(change.exp ?? '5m')
    .setJti('1')
    .sign(host.privateKey);
}

test('a host application’s grant names owner and workspace', async () => {
  expect(await grants.verifyBoot(await hostGrant())).toEqual({ owner: 'alice', workspace: 'w' });
});

test('a session grant names its session, scopes and generation', async () => {
  const token = await grants.signSession({ session: 's1', owner: 'alice', scopes: ['files', 'port'], generation: 3 });
  expect(await grants.verifySession(token)).toMatchObject({ session: 's1', owner: 'alice', scopes: ['files', 'port'], generation: 3 });
});

test('clocks may differ by half a minute', async () => {
  expect(await grants.verifyBoot(await hostGrant({ nbf: '20s' }))).toBeTruthy();
});

const refused: Record<string, () => Promise<string> | string> = {
  'for another server': () => hostGrant({ aud: 'https://elsewhere.example' }),
  'that expired': () => hostGrant({ exp: Math.floor(Date.now() / 1000) - 120 }),
  'that is not valid yet': () => hostGrant({ nbf: '5m' }),
  'by an unknown key': () => hostGrant({ kid: 'host-2' }),
  'of another type': () => hostGrant({ typ: 'JWT' }),
  'that names no workspace': () => hostGrant({ claims: { ws: '' } }),
  'without a signature': () =>
    new UnsecuredJWT({ ws: 'w' }).setSubject('alice').setAudience(AUDIENCE).setExpirationTime('5m').setJti('1').encode(),
  'signed with a shared secret': () =>
    new SignJWT({ ws: 'w' })
      .setProtectedHeader({ alg: 'HS256', typ: 'verklet-boot+jwt', kid: 'host-1' })
      .setSubject('alice')
      .setAudience(AUDIENCE)
      .setExpirationTime('5m')
      .setJti('1')
      .sign(new TextEncoder().encode('a secret of thirty-two characters')),
  'that was changed': async () =>
    (await hostGrant()).replace(
      /\.[^.]+\./,
      `.${Buffer.from('{"sub":"bob","ws":"w","aud":"https://code.example.com","exp":9999999999,"jti":"1"}').toString('base64url')}.`,
    ),
  'that opens sessions only': () => grants.signSession({ session: 's1', owner: 'alice', scopes: ['exec'], generation: 1 }),
  'that is rubbish': () => 'a.b.c',
};
test.each(Object.keys(refused))('a boot grant %s is refused', async (name) => {
  await expect(grants.verifyBoot(await (refused[name] as () => string)())).rejects.toMatchObject({ code: 'ERR_GRANT' });
});

test('a boot grant opens no session', async () => {
  await expect(grants.verifySession(await hostGrant())).rejects.toMatchObject({ code: 'ERR_GRANT' });
});
