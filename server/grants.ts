// Grants: short-lived signed permissions (EdDSA JWT). A boot grant says who may have sessions; a session grant opens one.
import { exportJWK, generateKeyPair, importJWK, jwtVerify, SignJWT, type CryptoKey, type JWK } from 'jose';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { VerkletError } from '#protocol';

const ALGORITHM = 'EdDSA';
/** Both kinds have their own `typ`, so that one is never taken for the other. */
const BOOT_TYPE = 'verklet-boot+jwt';
const SESSION_TYPE = 'verklet-session+jwt';
const CLOCK_SKEW_S = 30;
export const GRANT_LIFE_S = 600;

export const scopes = ['exec', 'files', 'port', 'session'] as const;
export type Scope = (typeof scopes)[number];

export interface BootGrant {
  readonly owner: string;
  readonly workspace: string;
}

export interface SessionGrant {
  readonly session: string;
  readonly owner: string;
  readonly scopes: readonly Scope[];
  /** Of the session's box when it was given: a replaced box needs a new grant. */
  readonly generation: number;
  readonly expiresAtMs: number;
}

type Key = Awaited<ReturnType<typeof importJWK>>;

export class Grants {
  readonly #audience: string;
  readonly #signing: Key;
  readonly #keyId: string;
  /** By `kid`: our own, and those of host applications from the configuration. Never from a token. */
  readonly #verifying: ReadonlyMap<string, Key>;

  private constructor(audience: string, signing: Key, keyId: string, verifying: ReadonlyMap<string, Key>) {
    this.#audience = audience;
    this.#signing = signing;
    this.#keyId = keyId;
    this.#verifying = verifying;
  }

  /** `hostKeys`: a JWKS file with the public keys of applications that mint boot grants. */
  static async open(folder: string, audience: string, hostKeys: string | null): Promise<Grants> {
    const own = await ownKey(path.join(folder, 'grant-key.json'));
    const verifying = new Map<string, Key>([[own.kid, await importJWK(publicPart(own), ALGORITHM)]]);
    const listed = hostKeys === null ? [] : ((JSON.parse(readFileSync(hostKeys, 'utf8')) as { keys: JWK[] }).keys ?? []);
    for (const key of listed) if (key.kid !== undefined) verifying.set(key.kid, await importJWK(key, ALGORITHM));
    return new Grants(audience, await importJWK(own, ALGORITHM), own.kid, verifying);
  }

  signBoot({ owner, workspace }: BootGrant): Promise<string> {
    return this.#sign(BOOT_TYPE, owner, { ws: workspace }, GRANT_LIFE_S);
  }

  signSession({ session, owner, scopes: granted, generation }: Omit<SessionGrant, 'expiresAtMs'>): Promise<string> {
    return this.#sign(SESSION_TYPE, owner, { sid: session, scp: granted.join(' '), gen: generation }, GRANT_LIFE_S);
  }

  /** Throws `ERR_GRANT`. */
  async verifyBoot(token: string): Promise<BootGrant> {
    const { sub, ws } = await this.#verify(BOOT_TYPE, token);
    if (typeof sub !== 'string' || typeof ws !== 'string' || sub === '' || ws === '') throw refused('it names no owner or workspace');
    return { owner: sub, workspace: ws };
  }

  /** Throws `ERR_GRANT`. */
  async verifySession(token: string): Promise<SessionGrant> {
    const { sub, sid, scp, gen, exp } = await this.#verify(SESSION_TYPE, token);
    if (typeof sub !== 'string' || typeof sid !== 'string' || typeof scp !== 'string' || typeof gen !== 'number')
      throw refused('it names no session');
    const granted = scp.split(' ').filter((scope): scope is Scope => (scopes as readonly string[]).includes(scope));
    return { session: sid, owner: sub, scopes: granted, generation: gen, expiresAtMs: (exp ?? 0) * 1000 };
  }

  #sign(type: string, subject: string, claims: Record<string, unknown>, lifeS: number): Promise<string> {
    return new SignJWT(claims)
      .setProtectedHeader({ alg: ALGORITHM, typ: type, kid: this.#keyId })
      .setSubject(subject)
      .setAudience(this.#audience)
      .setIssuedAt()
      .setNotBefore('0s')
      .setExpirationTime(`${lifeS}s`)
      .setJti(randomUUID())
      .sign(this.#signing as CryptoKey);
  }

  async #verify(type: string, token: string): Promise<Record<string, unknown> & { sub?: string; exp?: number }> {
    try {
      const { payload } = await jwtVerify(
        token,
        ({ kid }) => {
          const key = kid === undefined ? undefined : this.#verifying.get(kid);
          if (!key) throw new Error('it is signed by nobody this server knows');
          return key as CryptoKey;
        },
        {
          algorithms: [ALGORITHM],
          typ: type,
          audience: this.#audience,
          clockTolerance: CLOCK_SKEW_S,
          requiredClaims: ['exp', 'sub', 'jti'],
          maxTokenAge: '1h',
        },
      );
      return payload;
    } catch (error) {
      throw refused(error instanceof Error ? error.message : String(error));
    }
  }
}

function refused(reason: string): VerkletError {
  return new VerkletError('ERR_GRANT', { reason });
}

async function ownKey(file: string): Promise<JWK & { kid: string }> {
  if (existsSync(file)) return JSON.parse(readFileSync(file, 'utf8')) as JWK & { kid: string };
  const { privateKey } = await generateKeyPair(ALGORITHM, { extractable: true });
  const key = { ...(await exportJWK(privateKey)), kid: randomUUID() };
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, JSON.stringify(key), { mode: 0o600 });
  return key;
}

function publicPart({ kty, crv, x }: JWK): JWK {
  return { kty, ...(crv === undefined ? {} : { crv }), ...(x === undefined ? {} : { x }) } as JWK;
}
