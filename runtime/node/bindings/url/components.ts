// Where the parts of a serialised URL begin, in the layout of Node's `urlComponents`. Pure.

/** No such part; the same number in Node. */
const OMITTED = 0xffffffff;

/** Node's numbers of the schemes. */
const SCHEMES: Readonly<Record<string, number>> = { 'http:': 0, 'https:': 2, 'ws:': 3, 'ftp:': 4, 'wss:': 5, 'file:': 6 };
const NOT_SPECIAL = 1;

/** Fills protocol_end, username_end, host_start, host_end, port, pathname_start, search_start, hash_start, scheme. */
export function writeComponents(url: URL, into: Uint32Array): void {
  const { href } = url;
  const protocolEnd = url.protocol.length;
  const authority = authorityOf(url, protocolEnd);
  const hash = href.indexOf('#');
  const search = (hash < 0 ? href : href.slice(0, hash)).indexOf('?', authority.pathStart);
  into.set([
    protocolEnd,
    authority.usernameEnd,
    authority.hostStart,
    authority.hostEnd,
    url.port === '' ? OMITTED : Number(url.port),
    authority.pathStart,
    search < 0 ? OMITTED : search,
    hash < 0 ? OMITTED : hash,
    SCHEMES[url.protocol] ?? NOT_SPECIAL,
  ]);
}

function authorityOf(url: URL, protocolEnd: number): { usernameEnd: number; hostStart: number; hostEnd: number; pathStart: number } {
  const { href } = url;
  if (!href.startsWith('//', protocolEnd)) {
    // A path that begins with two slashes is written behind `/.`.
    const pathStart = href.startsWith('/.//', protocolEnd) ? protocolEnd + 2 : protocolEnd;
    return { usernameEnd: protocolEnd, hostStart: protocolEnd, hostEnd: protocolEnd, pathStart };
  }
  const usernameEnd = protocolEnd + 2 + url.username.length;
  const hasCredentials = url.username !== '' || url.password !== '';
  const hostStart = usernameEnd + (url.password === '' ? 0 : url.password.length + 1);
  const hostEnd = hostStart + (hasCredentials ? 1 : 0) + url.hostname.length;
  const pathStart = hostEnd + (url.port === '' ? 0 : url.port.length + 1);
  return { usernameEnd, hostStart, hostEnd, pathStart };
}
