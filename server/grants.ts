// Grants: short-lived signed permissions (EdDSA JWT). A boot grant says who may have sessions; a session grant opens one.
import { exportJWK, generateKeyPair, importJWK, jwtVerify, SignJWT, type CryptoKey, type JWK } from 'jose';
import { readFileSync } from 'node:fs';
import { randomUUID } from 'node:crypto';
import { VerkletError } from '#protocol';
import type { Registry } from './state/registry.ts';

const ALGORITHM = 'EdDSA';
/** Both kinds have their own `typ`, so that one is never taken for the other. */
const BOOT_TYPE = 'verklet-boot+jwt';
const SESSION_TYPE = 'verklet-session+jwt';
const previewTypes = { ticket: 'verklet-ticket+jwt', cookie: 'verklet-preview+jwt' } as const;
/** A ticket may have to be carried to a phone. */
const previewLifeS = { ticket: 300, cookie: 8 * 3600 } as const;
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

/** May see one port of one session, on one preview host. */
export interface PreviewGrant {
  readonly session: string;
  readonly owner: string;
  readonly port: number;
  /** Label of the workspace whose preview host it is for. */
  readonly workspace: string;
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

  /** `hostKeys`: a JWKS file with the public keys of applications that mint boot grants. Our own key is the registry's. */
  static async open(registry: Pick<Registry, 'claim'>, audience: string, hostKeys: string | null): Promise<Grants> {
    const own = JSON.parse(await registry.claim('grant-key', JSON.stringify(await makeKey()))) as JWK & { kid: string };
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

  signPreview(kind: 'ticket' | 'cookie', { session, owner, port, workspace }: PreviewGrant): Promise<string> {
    return this.#sign(previewTypes[kind], owner, { sid: session, prt: port, lbl: workspace }, previewLifeS[kind]);
  }

  /** Throws `ERR_GRANT`. `id` tells one ticket from another. */
  async verifyPreview(kind: 'ticket' | 'cookie', token: string): Promise<PreviewGrant & { readonly id: string }> {
    const { sub, sid, prt, lbl, jti } = await this.#verify(previewTypes[kind], token, '8h');
    const isWhole =
      typeof sub === 'string' && typeof sid === 'string' && typeof prt === 'number' && typeof lbl === 'string' && typeof jti === 'string';
    if (!isWhole) throw refused('it names no port');
    return { session: sid, owner: sub, port: prt, workspace: lbl, id: jti };
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

  async #verify(type: string, token: string, maxTokenAge = '1h'): Promise<Record<string, unknown> & { sub?: string; exp?: number }> {
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
          maxTokenAge,
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

async function makeKey(): Promise<JWK & { kid: string }> {
  const { privateKey } = await generateKeyPair(ALGORITHM, { extractable: true });
  return { ...(await exportJWK(privateKey)), kid: randomUUID() };
}

function publicPart({ kty, crv, x }: JWK): JWK {
  return { kty, ...(crv === undefined ? {} : { crv }), ...(x === undefined ? {} : { x }) } as JWK;
}
