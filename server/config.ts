// The server's settings, from the environment; every one has a default that suits a developer's own machine.
import { execFileSync } from 'node:child_process';
import path from 'node:path';

export interface ServerConfig {
  readonly port: number;
  /** Interface to listen on; loopback unless the operator says otherwise. */
  readonly address: string;
  /** Host names without port. */
  readonly appHost: string;
  /** All accepted preview hosts; the app uses the first. */
  readonly previewHosts: readonly string[];
  readonly embedHost: string;
  readonly scheme: 'http' | 'https';
  /** Extra origins that may embed a runtime. */
  readonly extraParents: readonly string[];
  readonly distFolder: string;
  readonly cacheFolder: string;
  /** Upstream of the registry proxy, ending in a slash. */
  readonly registry: string;
}

export function readConfig(env: NodeJS.ProcessEnv = process.env): ServerConfig {
  const root = path.dirname(import.meta.dirname);
  const appHost = env['VERKLET_HOST'] ?? 'verklet.localhost';
  return {
    port: readPort(env['VERKLET_PORT'] ?? env['PORT'] ?? '4173'),
    address: env['VERKLET_ADDRESS'] ?? '127.0.0.1',
    appHost,
    previewHosts: splitList(env['VERKLET_PREVIEW_HOSTS'] ?? `preview.${appHost} xpreview.localhost`),
    embedHost: env['VERKLET_EMBED_HOST'] ?? 'embed.localhost',
    scheme: env['VERKLET_SCHEME'] === 'https' ? 'https' : 'http',
    extraParents: splitList(env['VERKLET_PARENTS'] ?? ''),
    distFolder: env['VERKLET_DIST'] ?? path.join(root, 'dist'),
    cacheFolder: env['VERKLET_CACHE'] ?? path.join(root, '.cache'),
    registry: withSlash(env['VERKLET_REGISTRY'] ?? npmRegistry(root)),
  };
}

/** `npm config get registry`: the proxy asks whichever registry this machine's npm would ask. */
function npmRegistry(cwd: string): string {
  return execFileSync('npm', ['config', 'get', 'registry'], { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
}

function readPort(text: string): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 0 || port > 65535) throw new Error(`VERKLET_PORT is not a port: ${text}`);
  return port;
}

function splitList(text: string): string[] {
  return text.split(/[\s,]+/).filter(Boolean);
}

function withSlash(url: string): string {
  return url.endsWith('/') ? url : `${url}/`;
}
