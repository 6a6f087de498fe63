// The HTTP application: one port serves the app, workspace origins and port origins, told apart by the Host header.
import { readFile } from 'node:fs/promises';
import type { HttpBindings } from '@hono/node-server';
import path from 'node:path';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import { Hono, type Context } from 'hono';
import {
  appHeaders,
  assetHeaders,
  bridgeHeaders,
  frameHeaders,
  outputHeaders,
  parsePreviewHost,
  previewHeaders,
  serviceWorkerHeaders,
  type HeaderSet,
} from '#headers';
import { isVerkletError } from '#protocol';
import type { ServerConfig } from './config.ts';
import { createPythonIndex } from './python-index.ts';
import { createGitProxy } from './git-proxy.ts';
import { createRegistryProxy } from './registry-proxy.ts';
import { mayReadMetrics, renderMetrics } from './metrics.ts';
import { openApiDocument } from './openapi.ts';
import { HeldElsewhere, passOn } from './sessions/other-replica.ts';
import { createSessionApi } from './sessions/session-api.ts';
import type { SessionService } from './sessions/session-service.ts';
import { serveFile } from './static-files.ts';

const REGISTRY_PREFIX = '/-/registry/';
const PYTHON_PREFIX = '/-/python/';
const GIT_PREFIX = '/-/git/';
const API_PREFIX = '/-/v1';
const ALREADY_SENT = [...RESPONSE_ALREADY_SENT.headers.keys()][0] ?? '';
/** App routes that are drawn by the page itself. */
const APP_ROUTES = /^\/(?:w\/|preview\/|settings|$)/;

/** Without `sessions` the server does everything but promotion. */
export function createApp(config: ServerConfig, sessions: SessionService | null = null): Hono {
  const app = new Hono();
  const api = sessions && createSessionApi(sessions);
  const registry = createRegistryProxy(config.registry, config.cacheFolder);
  const pythonIndex = createPythonIndex({
    index: config.pythonIndex,
    packages: config.pythonPackages,
    builtFolder: path.join(config.distFolder, 'preview/__verklet/python'),
    cacheFolder: config.cacheFolder,
  });
  const git = createGitProxy(config.gitHosts);
  app.all('*', async (context) => {
    const url = new URL(context.req.url);
    if (url.pathname === '/-/health') return context.json({ status: 'ok' });
    const site = siteOf(hostOf(context), config);
    if (site === null) return context.text('This server does not serve that host.', 421);
    if (sessions !== null && site.kind === 'app' && url.pathname === '/metrics') return answerMetrics(sessions, context, config);
    if (sessions !== null && site.kind === 'app' && url.pathname === `${API_PREFIX}/openapi.json`) {
      return context.json(openApiDocument(`${config.scheme}://${config.appHost}${portSuffix(config)}`));
    }
    if (url.pathname.startsWith(`${API_PREFIX}/`)) return api === null ? notFound() : answerApi(api, site, context, url, config);
    if (url.pathname.startsWith(GIT_PREFIX)) return git.handle(`${url.pathname.slice(GIT_PREFIX.length)}${url.search}`, context.req.raw);
    if (url.pathname.startsWith(REGISTRY_PREFIX)) return registry.handle(url.pathname.slice(REGISTRY_PREFIX.length), context.req.raw);
    if (url.pathname.startsWith(PYTHON_PREFIX)) return pythonIndex.handle(url.pathname.slice(PYTHON_PREFIX.length), context.req.raw);
    if (sessions !== null && site.port !== null) {
      const answer = await answerFromSession(sessions, { workspace: site.workspace, port: site.port }, context, config.scheme);
      if (answer !== null) return answer;
    }
    if (context.req.method !== 'GET' && context.req.method !== 'HEAD') {
      // A port origin without its service worker: the boot page cannot replay a body, so it says so.
      return site.kind === 'port' ? bootPage(config, context.req.raw) : context.text('Method not allowed', 405);
    }
    return serveSite(site, url.pathname, context.req.raw, config);
  });
  return app;
}

async function answerMetrics(sessions: SessionService, context: Context, config: ServerConfig): Promise<Response> {
  const { incoming } = (context.env ?? {}) as { incoming?: { socket?: { remoteAddress?: string } } };
  const isAllowed = mayReadMetrics(
    incoming?.socket?.remoteAddress ?? '',
    context.req.header('authorization'),
    config.sessions.metricsToken,
  );
  if (!isAllowed) return new Response('Not for you.\n', { status: 403 });
  return new Response(await renderMetrics(sessions), { headers: { 'Content-Type': 'text/plain; version=0.0.4' } });
}

/** What a session serves to a browser that has its permission; null for everybody else. */
async function answerFromSession(
  sessions: SessionService,
  name: { readonly workspace: string; readonly port: number },
  context: Context,
  scheme: ServerConfig['scheme'],
): Promise<Response | null> {
  const bindings = context.env as HttpBindings | undefined;
  if (bindings === undefined) return null; // called without a socket, by a test of the pages
  try {
    return await sessions.previews.answer(name, bindings, new URL(`${scheme}://${bindings.incoming.headers.host ?? ''}`));
  } catch (error) {
    if (!(error instanceof HeldElsewhere)) return explain(error);
    try {
      return await passOn(error, bindings, context.req.raw.body);
    } catch {
      return explain(error); // nobody answers there
    }
  }
}

function explain(error: unknown): Response {
  if (!isVerkletError(error)) throw error;
  return new Response(`${error.message} (${error.code})\n`, { status: 503, headers: { ...previewHeaders, 'Retry-After': '2' } });
}

/** The API answers pages of allowed parents only: code on a workspace or port origin is the user's. */
async function answerApi(api: Hono, site: Site, context: Context, url: URL, config: ServerConfig): Promise<Response> {
  if (site.kind !== 'app' && site.kind !== 'embed') return notFound();
  const origin = context.req.header('origin');
  if (origin !== undefined && !allowedParents(config).includes(origin))
    return new Response('This origin may not use sessions.', { status: 403 });
  const cors: HeaderSet =
    origin === undefined
      ? {}
      : {
          'Access-Control-Allow-Origin': origin,
          Vary: 'Origin',
          'Access-Control-Allow-Headers': 'authorization, content-type, content-encoding',
          'Access-Control-Allow-Methods': 'GET, POST, PUT, DELETE',
          'Access-Control-Max-Age': '600',
        };
  if (context.req.method === 'OPTIONS') return new Response(null, { status: 204, headers: cors });
  const inner = new URL(url);
  inner.pathname = url.pathname.slice(API_PREFIX.length);
  const answer = await api.fetch(new Request(inner, context.req.raw), context.env as object);
  if (answer.headers.has(ALREADY_SENT)) return answer; // by another replica, with its headers
  const response = new Response(answer.body, answer);
  for (const [name, value] of Object.entries(cors)) response.headers.set(name, value);
  response.headers.set('Cross-Origin-Resource-Policy', 'cross-origin');
  return response;
}

interface Site {
  readonly kind: 'app' | 'embed' | 'workspace' | 'port';
  readonly previewHost: string;
  readonly workspace: string;
  readonly port: number | null;
}

function siteOf(host: string, config: ServerConfig): Site | null {
  const ours = { previewHost: config.previewHosts[0] ?? '', workspace: '', port: null };
  if (host === config.appHost || host === 'localhost' || host === '127.0.0.1') return { kind: 'app', ...ours };
  if (host === config.embedHost) return { kind: 'embed', ...ours };
  for (const previewHost of config.previewHosts) {
    const name = parsePreviewHost(host, previewHost);
    if (name) return { kind: name.port === null ? 'workspace' : 'port', previewHost, ...name };
  }
  return null;
}

async function serveSite(site: Site, pathname: string, request: Request, config: ServerConfig): Promise<Response> {
  switch (site.kind) {
    case 'app':
      return serveApp(pathname, request, config);
    case 'embed':
      return (
        (await serveFile(path.join(config.distFolder, 'embed'), pathname === '/' ? '/index.html' : pathname, request, {})) ?? notFound()
      );
    case 'workspace':
    case 'port':
      return servePreviewHost(site, pathname, request, config);
  }
}

async function serveApp(pathname: string, request: Request, config: ServerConfig): Promise<Response> {
  const headers = appHeaders(config.previewHosts.map((host) => `${config.scheme}://*.${host}:*`));
  const folder = path.join(config.distFolder, 'app');
  if (pathname === '/' || pathname === '/index.html' || APP_ROUTES.test(pathname)) return appPage(folder, headers, config);
  return (await serveFile(folder, pathname, request, headers)) ?? notFound();
}

async function appPage(folder: string, headers: HeaderSet, config: ServerConfig): Promise<Response> {
  const page = await readFile(path.join(folder, 'index.html'), 'utf8');
  const previewHost = `${config.previewHosts[0] ?? ''}${portSuffix(config)}`;
  const filled = page.replace('name="verklet-preview-host" content=""', `name="verklet-preview-host" content="${previewHost}"`);
  return new Response(filled, { headers: { ...headers, 'Content-Type': 'text/html; charset=utf-8', 'Cache-Control': 'no-cache' } });
}

async function servePreviewHost(site: Site, pathname: string, request: Request, config: ServerConfig): Promise<Response> {
  const folder = path.join(config.distFolder, 'preview');
  if (site.kind === 'workspace' && pathname === '/__verklet/frame.html') return parentsPage(folder, 'frame.html', config, frameHeaders);
  if (site.kind === 'workspace' && pathname === '/__verklet/output.html') return parentsPage(folder, 'output.html', config, outputHeaders);
  if (site.kind === 'port' && pathname === '/__verklet/bridge.html') {
    const own = `${config.scheme}://*.${site.previewHost}:*`;
    return (await serveFile(folder, pathname, request, bridgeHeaders([own, ...allowedParents(config)]))) ?? notFound();
  }
  if (pathname === '/__verklet/sw.js' || pathname === '/__verklet/workspace-sw.js')
    return (await serveFile(folder, pathname, request, serviceWorkerHeaders)) ?? notFound();
  if (pathname.startsWith('/__verklet/') && !pathname.endsWith('.html')) {
    return (await serveFile(folder, pathname, request, workerHeaders(site))) ?? notFound();
  }
  return site.kind === 'port' ? bootPage(config, request) : notFound();
}

// A worker takes part in its frame's isolation only when its own script says the same.
function workerHeaders(site: Site): HeaderSet {
  return site.kind === 'workspace' ? { ...assetHeaders, 'Document-Isolation-Policy': 'isolate-and-require-corp' } : assetHeaders;
}

/** A page that knows who may embed it. */
async function parentsPage(
  folder: string,
  name: string,
  config: ServerConfig,
  headers: (parents: readonly string[]) => HeaderSet,
): Promise<Response> {
  const parents = allowedParents(config);
  const page = await readFile(path.join(folder, '__verklet', name), 'utf8');
  const filled = page.replace('name="verklet-parents" content=""', `name="verklet-parents" content="${parents.join(' ')}"`);
  return new Response(filled, {
    headers: { ...headers(parents), 'Content-Type': 'text/html; charset=utf-8', 'Cache-Control': 'no-cache' },
  });
}

async function bootPage(config: ServerConfig, request: Request): Promise<Response> {
  const headers = { ...previewHeaders, 'Cache-Control': 'no-store' };
  const page = await serveFile(path.join(config.distFolder, 'preview'), '/__verklet/boot.html', new Request(request.url), headers);
  if (!page) return notFound();
  return new Response(page.body, { status: 503, headers: page.headers });
}

/** The port of a workspace that a host name stands for; null for every other host of ours. */
export function portNameOf(host: string, config: ServerConfig): { readonly workspace: string; readonly port: number } | null {
  const site = siteOf(host.replace(/:\d+$/, '').toLowerCase(), config);
  return site === null || site.port === null ? null : { workspace: site.workspace, port: site.port };
}

export function allowedParents(config: ServerConfig): string[] {
  const port = portSuffix(config);
  return [`${config.scheme}://${config.appHost}${port}`, `${config.scheme}://${config.embedHost}${port}`, ...config.extraParents];
}

/** Nothing where the scheme's own port is used, as browsers write origins. */
function portSuffix({ scheme, port, publicPort }: ServerConfig): string {
  const shown = publicPort ?? port;
  return shown === (scheme === 'https' ? 443 : 80) ? '' : `:${shown}`;
}

function hostOf(context: Context): string {
  return (context.req.header('host') ?? '').replace(/:\d+$/, '').toLowerCase();
}

function notFound(): Response {
  return new Response('Not found', { status: 404, headers: { 'Content-Type': 'text/plain; charset=utf-8' } });
}
