// `/-/git/<host>/<repository>/...`: git's smart HTTP for browsers, which may not ask other origins. Only the hosts of an
// allow-list, only the three requests a git client makes, only for pages of this server: not an open proxy.

/** Public hosts that answer smart HTTP; `VERKLET_GIT_HOSTS` replaces the list, entries may be whole origins. */
export const DEFAULT_GIT_HOSTS = ['github.com', 'gitlab.com', 'bitbucket.org', 'codeberg.org', 'git.sr.ht'];

const PATH = /^([^/]+)\/((?:[\w.~%+@-]+\/)+)(info\/refs|git-upload-pack|git-receive-pack)$/;
const SERVICE = /^\?service=git-(?:upload|receive)-pack$/;
/** A push sends one pack; GitHub refuses above 2 GB, and nothing that fits a tab comes near this. */
const MAX_REQUEST_BYTES = 1024 * 1024 * 1024;
const TIMEOUT_MS = 300_000;
const MAX_REDIRECTS = 3;
const FORWARDED = ['accept', 'authorization', 'content-type', 'git-protocol', 'user-agent'];
const RETURNED = ['content-type', 'www-authenticate', 'cache-control', 'retry-after'];

export interface GitProxy {
  /** `target` is what follows `/-/git/`, its query included. */
  handle(target: string, request: Request): Promise<Response>;
}

export function createGitProxy(hosts: readonly string[]): GitProxy {
  const origins = new Map(
    hosts.map((entry) => new URL(entry.includes('://') ? entry : `https://${entry}`)).map((url) => [url.host, url.origin]),
  );
  return {
    async handle(target, request) {
      const refusal = refuseCaller(request);
      if (refusal !== null) return refusal;
      const upstream = upstreamOf(target, request.method, origins);
      if (upstream instanceof Response) return upstream;
      const length = Number(request.headers.get('content-length') ?? 0);
      if (length > MAX_REQUEST_BYTES) return refuse(413, `The request is larger than ${MAX_REQUEST_BYTES} bytes.`);
      try {
        return answer(await ask(upstream, request, origins));
      } catch (error) {
        if (error instanceof RedirectRefused) return refuse(502, error.message);
        return refuse(504, `${upstream.host} could not be reached.`);
      }
    },
  };
}

class RedirectRefused extends Error {}

/** Browsers say where a request comes from; other sites get nothing, and no CORS header would let them read it. */
function refuseCaller(request: Request): Response | null {
  const site = request.headers.get('sec-fetch-site');
  if (site !== null && site !== 'same-origin') return refuse(403, 'The git proxy serves pages of this server only.');
  return null;
}

function upstreamOf(target: string, method: string, origins: ReadonlyMap<string, string>): URL | Response {
  const question = target.indexOf('?');
  const [path, query] = question === -1 ? [target, ''] : [target.slice(0, question), target.slice(question)];
  const match = PATH.exec(path);
  if (match === null || /(?:^|\/)(?:\.|%2e){1,2}(?:\/|$)/i.test(path)) return refuse(404, 'Not a request of a git client.');
  const [, host = '', repository = '', endpoint = ''] = match;
  const isDiscovery = endpoint === 'info/refs';
  if (method !== (isDiscovery ? 'GET' : 'POST')) return refuse(405, 'Not a request of a git client.');
  if (isDiscovery ? !SERVICE.test(query) : query !== '') return refuse(404, 'Not a request of a git client.');
  const origin = origins.get(host);
  if (origin === undefined)
    return refuse(403, `${host} is not in the list of git hosts of this server (${[...origins.keys()].join(', ')}).`);
  return new URL(`${origin}/${repository}${endpoint}${query}`);
}

async function ask(url: URL, request: Request, origins: ReadonlyMap<string, string>): Promise<Response> {
  const headers = new Headers();
  for (const name of FORWARDED) {
    const value = request.headers.get(name);
    if (value !== null) headers.set(name, value);
  }
  // Some hosts answer only what looks like git.
  if (!(headers.get('user-agent') ?? '').startsWith('git/')) headers.set('user-agent', 'git/verklet');
  const body = request.method === 'POST' ? request.body : null;
  let current = url;
  for (let count = 0; ; count++) {
    const response = await fetch(current, {
      method: request.method,
      headers,
      body,
      redirect: 'manual',
      signal: AbortSignal.timeout(TIMEOUT_MS),
      ...(body !== null && { duplex: 'half' }),
    } as RequestInit);
    const location = response.headers.get('location');
    if (location === null || response.status < 300 || response.status > 399) return response;
    const next = new URL(location, current);
    // A body cannot be sent twice; discovery, which comes first, follows a moved repository.
    if (body !== null || count >= MAX_REDIRECTS || origins.get(next.host) !== next.origin)
      throw new RedirectRefused(`${current.host} redirects to ${next.origin}, which is not followed.`);
    current = next;
  }
}

function answer(response: Response): Response {
  const headers = new Headers({ 'Cross-Origin-Resource-Policy': 'same-origin', 'X-Content-Type-Options': 'nosniff' });
  for (const name of RETURNED) {
    const value = response.headers.get(name);
    if (value !== null) headers.set(name, value);
  }
  // A browser would open its own password window; git asks in the terminal.
  const challenge = headers.get('www-authenticate');
  if (challenge !== null) {
    headers.delete('www-authenticate');
    headers.set('X-Git-Authenticate', challenge);
  }
  return new Response(response.body, { status: response.status, headers });
}

function refuse(status: number, error: string): Response {
  return Response.json({ error }, { status, headers: { 'Cross-Origin-Resource-Policy': 'same-origin' } });
}
