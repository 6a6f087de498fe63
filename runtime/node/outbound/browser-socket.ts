// A program's connection to a server outside the workspace. There are no sockets in a tab: what the program writes is read as
// HTTP/1.1 and sent by the browser's fetch, whose answer comes back as HTTP/1.1. TLS is the browser's. Runs in the process worker.
import { inLoop } from '../in-loop.ts';
import type { BindingObject, Realm } from '../realm.ts';
import { NotHttp, type OutboundRequest, RequestReader } from './request-reader.ts';

export interface OutboundAddress {
  readonly host: string;
  readonly port: number;
  readonly isSecure: boolean;
}

/** Registries that the runtime reaches in its own way, see `VERKLET_REGISTRY`. */
const REGISTRIES = ['https://registry.npmjs.org/', 'https://registry.yarnpkg.com/'];
/** The browser sets or forbids these. */
const NOT_SENT = new Set(
  'accept-charset accept-encoding connection content-length cookie date expect host keep-alive origin referer te trailer transfer-encoding upgrade user-agent via'.split(
    ' ',
  ),
);
/** The body that arrives is decoded already. */
const NOT_RECEIVED = new Set(['content-encoding', 'content-length', 'transfer-encoding', 'connection', 'keep-alive']);
const BODILESS = new Set([204, 205, 304]);

/** Looks to Node's http and https as a connected socket does. */
export function connectThroughBrowser(realm: Realm, address: OutboundAddress): BindingObject {
  const { Duplex } = realm.requireBuiltin('stream') as { Duplex: new (options: object) => BindingObject };
  const reader = new RequestReader();
  let resume: (() => void) | null = null;
  let queue = Promise.resolve();
  const socket = new Duplex({
    read: () => resume?.(),
    write(chunk: Uint8Array, _encoding: string, done: (error?: Error) => void) {
      try {
        for (const request of reader.add(chunk)) queue = queue.then(() => answer(request));
        done();
      } catch (error) {
        done(error instanceof NotHttp ? rawRefusal(realm, address) : (error as Error));
      }
    },
    final: (done: () => void) => done(),
  });
  const push = (bytes: Uint8Array | string): Promise<void> => {
    const { Buffer } = realm.requireBuiltin('buffer') as { Buffer: { from(value: unknown): unknown } };
    if (socket['destroyed'] === true || socket['push'](Buffer.from(bytes)) === true) return Promise.resolve();
    return new Promise((done) => {
      resume = () => {
        resume = null;
        done();
      };
    });
  };
  const answer = async (request: OutboundRequest): Promise<void> => {
    const url = `${address.isSecure ? 'https' : 'http'}://${address.host}${isDefaultPort(address) ? '' : `:${address.port}`}${request.target}`;
    try {
      const response = await inLoop(realm, realm.primitives.fetch(...fetchArguments(realm, url, request)));
      await push(headOf(response, request.method));
      if (request.method === 'HEAD' || BODILESS.has(response.status)) return;
      const body = response.body?.getReader();
      for (let next = await inLoop(realm, readNext(body)); next !== null; next = await inLoop(realm, readNext(body))) {
        if (next.length === 0) continue;
        await push(`${next.length.toString(16)}\r\n`);
        await push(next);
        await push('\r\n');
      }
      await push('0\r\n\r\n');
    } catch (error) {
      socket['destroy'](unreachable(url, error));
    }
  };
  decorate(realm, socket, address);
  return socket;
}

async function readNext(reader: ReadableStreamDefaultReader<Uint8Array> | undefined): Promise<Uint8Array | null> {
  const next = await reader?.read();
  return next === undefined || next.done ? null : next.value;
}

function fetchArguments(realm: Realm, url: string, { method, headers, body }: OutboundRequest): [string, RequestInit] {
  const registryUrl = realm.host.request.env['VERKLET_REGISTRY'] ?? '';
  const registry = registryUrl === '' ? undefined : REGISTRIES.find((one) => url.startsWith(one));
  // The runtime's registry needs no more than this, and each further header costs a preflight request.
  const sent = headers.filter(([name]) => (registry === undefined ? !NOT_SENT.has(name.toLowerCase()) : name.toLowerCase() === 'accept'));
  return [
    registry === undefined ? url : registryUrl + url.slice(registry.length),
    {
      method,
      headers: sent.map(([name, value]): [string, string] => [name, value]),
      credentials: 'omit',
      ...(body.length > 0 ? { body } : {}),
    },
  ];
}

function headOf(response: Response, method: string): string {
  const hasBody = method !== 'HEAD' && !BODILESS.has(response.status);
  const lines = [...response.headers].filter(([name]) => !NOT_RECEIVED.has(name)).map(([name, value]) => `${name}: ${value}`);
  if (hasBody) lines.push('transfer-encoding: chunked');
  return `HTTP/1.1 ${response.status} ${response.statusText || 'OK'}\r\n${lines.join('\r\n')}\r\nconnection: keep-alive\r\n\r\n`;
}

/** What Node's http reads of a socket beyond a stream. */
function decorate(realm: Realm, socket: BindingObject, { host, port, isSecure }: OutboundAddress): void {
  const self = (): BindingObject => socket;
  const { loop } = realm;
  Object.assign(socket, {
    connecting: true,
    encrypted: isSecure,
    authorized: isSecure,
    authorizationError: null,
    alpnProtocol: false,
    servername: host,
    remoteAddress: host,
    remotePort: port,
    remoteFamily: 'IPv4',
    localAddress: '127.0.0.1',
    localPort: 0,
    setNoDelay: self,
    setKeepAlive: self,
    setTimeout: self,
    ref: self,
    unref: self,
    setServername: self,
    setSession: self,
    address: () => ({ address: '127.0.0.1', family: 'IPv4', port: 0 }),
    getPeerCertificate: () => ({}),
    getSession: () => undefined,
    isSessionReused: () => false,
    getProtocol: () => (isSecure ? 'TLSv1.3' : null),
    getCipher: () => ({}),
    destroySoon: () => socket['end'](() => socket['destroy']()),
  });
  loop.enqueue(() => {
    socket['connecting'] = false;
    socket['emit']('connect');
    if (isSecure) socket['emit']('secureConnect');
    socket['emit']('ready');
  });
}

function isDefaultPort({ port, isSecure }: OutboundAddress): boolean {
  return port === (isSecure ? 443 : 80);
}

function unreachable(url: string, cause: unknown): Error {
  const reason = cause instanceof Error ? cause.message : String(cause);
  const message = `connect ECONNREFUSED ${url}: ${reason}. Either it is out of reach, or its answer does not allow this page (CORS).`;
  return Object.assign(new Error(message, { cause }), { code: 'ECONNREFUSED', errno: -111, syscall: 'connect' });
}

/** A database, a mail server: only HTTP leaves a tab. */
function rawRefusal(realm: Realm, { host, port }: OutboundAddress): Error {
  realm.host.reportUnsupported(`net.connect to ${host}:${port}`);
  const message = `connection to ${host}:${port}: only HTTP leaves a browser tab; other protocols need a server session`;
  return Object.assign(new Error(message), { code: 'ERR_FEATURE_UNAVAILABLE_ON_PLATFORM' });
}
