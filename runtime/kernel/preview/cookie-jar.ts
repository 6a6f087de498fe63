// The virtual cookies of one previewed port: a service worker neither sees nor sets real ones. RFC 6265 without domains,
// since a port origin has exactly one host. Runs in the kernel worker, in memory.

/** As browsers do (RFC 6265 section 6.1); the oldest makes room. */
const MAX_COOKIES = 180;
const MAX_COOKIE_BYTES = 4096;

interface Cookie {
  readonly name: string;
  readonly value: string;
  readonly path: string;
  readonly expiresAtMs: number;
  readonly isHttpOnly: boolean;
  readonly isSecure: boolean;
  readonly sameSite: string;
  readonly order: number;
}

export class CookieJar {
  readonly #cookies = new Map<string, Cookie>();
  readonly #now: () => number;
  #order = 0;

  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  /** Applies one `Set-Cookie` value of a response to `requestPath`. True when what a script may see changed. */
  setFromResponse(line: string, requestPath: string): boolean {
    return this.#set(line, requestPath, true);
  }

  /** Applies `document.cookie = line`. A script neither makes nor replaces an HttpOnly cookie. */
  setFromScript(line: string, documentPath: string): boolean {
    return this.#set(line, documentPath, false);
  }

  /** The `Cookie` header for a request, or an empty string. */
  headerFor(path: string): string {
    return this.#matching(path, () => true);
  }

  /** What `document.cookie` reads in a document at `path`. */
  visibleTo(path: string): string {
    return this.#matching(path, (cookie) => !cookie.isHttpOnly);
  }

  #matching(path: string, isWanted: (cookie: Cookie) => boolean): string {
    this.#dropExpired();
    return [...this.#cookies.values()]
      .filter((cookie) => isWanted(cookie) && pathMatches(path, cookie.path))
      .sort((a, b) => b.path.length - a.path.length || a.order - b.order)
      .map((cookie) => (cookie.name === '' ? cookie.value : `${cookie.name}=${cookie.value}`))
      .join('; ');
  }

  #set(line: string, requestPath: string, isFromServer: boolean): boolean {
    if (line.length > MAX_COOKIE_BYTES) return false;
    const parsed = parseCookie(line, requestPath, this.#now());
    if (!parsed || (parsed.isHttpOnly && !isFromServer)) return false;
    const key = `${parsed.name};${parsed.path}`;
    const existing = this.#cookies.get(key);
    if (existing?.isHttpOnly && !isFromServer) return false;
    if (parsed.expiresAtMs <= this.#now()) this.#cookies.delete(key);
    else this.#cookies.set(key, { ...parsed, order: existing?.order ?? this.#order++ });
    this.#trim();
    return !parsed.isHttpOnly || existing?.isHttpOnly === false;
  }

  #dropExpired(): void {
    const now = this.#now();
    for (const [key, cookie] of this.#cookies) if (cookie.expiresAtMs <= now) this.#cookies.delete(key);
  }

  #trim(): void {
    if (this.#cookies.size <= MAX_COOKIES) return;
    const oldest = [...this.#cookies].reduce((a, b) => (a[1].order < b[1].order ? a : b));
    this.#cookies.delete(oldest[0]);
  }
}

/** RFC 6265 section 5.2. Null where the line names no cookie. */
function parseCookie(line: string, requestPath: string, nowMs: number): Omit<Cookie, 'order'> | null {
  const [pair = '', ...attributes] = line.split(';');
  const equals = pair.indexOf('=');
  const name = equals === -1 ? '' : pair.slice(0, equals).trim();
  const value = pair.slice(equals + 1).trim();
  if (name === '' && value === '') return null;
  // oxlint-disable-next-line no-control-regex -- these are what a cookie may not hold
  if (/[\0-\x08\x0a-\x1f\x7f]/.test(pair)) return null;
  const read = attributeReader(attributes);
  const path = read('path');
  return {
    name,
    value,
    path: path?.startsWith('/') ? path : defaultPath(requestPath),
    expiresAtMs: expiry(read('max-age'), read('expires'), nowMs),
    isHttpOnly: read('httponly') !== undefined,
    isSecure: read('secure') !== undefined,
    sameSite: read('samesite') ?? 'Lax',
  };
}

function attributeReader(attributes: readonly string[]): (name: string) => string | undefined {
  const found = new Map<string, string>();
  for (const attribute of attributes) {
    const equals = attribute.indexOf('=');
    const name = (equals === -1 ? attribute : attribute.slice(0, equals)).trim().toLowerCase();
    found.set(name, equals === -1 ? '' : attribute.slice(equals + 1).trim());
  }
  return (name) => found.get(name);
}

/** Max-Age wins over Expires; an unreadable one is as if absent: a session cookie. */
function expiry(maxAge: string | undefined, expires: string | undefined, nowMs: number): number {
  if (maxAge !== undefined && /^-?\d+$/.test(maxAge)) return Number(maxAge) <= 0 ? 0 : nowMs + Number(maxAge) * 1000;
  const date = expires === undefined ? NaN : Date.parse(expires.replaceAll('-', ' '));
  return Number.isNaN(date) ? Infinity : date;
}

/** RFC 6265 section 5.1.4. */
function defaultPath(requestPath: string): string {
  const path = requestPath.split('?', 1)[0] ?? '/';
  const slash = path.lastIndexOf('/');
  return slash <= 0 ? '/' : path.slice(0, slash);
}

function pathMatches(requestPath: string, cookiePath: string): boolean {
  const path = requestPath.split('?', 1)[0] ?? '/';
  if (path === cookiePath) return true;
  return path.startsWith(cookiePath) && (cookiePath.endsWith('/') || path[cookiePath.length] === '/');
}
