// The server's settings, from the environment; every one has a default that suits a developer's own machine.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DEFAULT_GIT_HOSTS } from './git-proxy.ts';
import { DEFAULT_LIMITS, type BoxLimits } from './drivers/driver.ts';
import type { S3Options } from './state/s3-objects.ts';

/** Settings of promotion; see server/README.md. */
export interface SessionConfig {
  readonly driver: 'auto' | 'process' | 'docker' | 'kubernetes' | 'none';
  /** Registry, stored files and keys. */
  readonly dataFolder: string;
  readonly docker: { readonly host: string; readonly image: string; readonly runtime: string };
  readonly kubernetes: {
    readonly namespace: string;
    readonly image: string;
    readonly runtimeClass: string | null;
    readonly allowsSharedKernel: boolean;
  };
  /** Folders of the `process` driver's boxes; a short path. */
  readonly boxFolder: string;
  /** `open`: anybody who reaches the app may have a session. `host`: only holders of a host application's grant. */
  readonly grants: 'open' | 'host';
  /** A JWKS file with the public keys of host applications. */
  readonly hostKeys: string | null;
  readonly limits: BoxLimits;
  readonly idleMs: number;
  readonly maxLifeMs: number;
  readonly maxPerOwner: number;
  readonly maxTotal: number;
  readonly maxBytesPerOwner: number;
  /** Host names that boxes may reach; the registries always. */
  readonly egress: readonly string[];
  readonly log: boolean;
  /** What `/metrics` wants as bearer token; null: the machine itself only. */
  readonly metricsToken: string | null;
  /** A shutdown leaves boxes to the next server, instead of ending them. */
  readonly keepsBoxes: boolean;
  /** Postgres, as `postgres://user:password@host/database`; null: a file in the data folder. */
  readonly databaseUrl: string | null;
  /** Where other servers over the same database reach this one, as `http://10.0.0.5:4173`; null: they cannot. */
  readonly ownUrl: string | null;
  /** A proxy in front says whose request it is (`X-Forwarded-For`); without one, anybody could. */
  readonly trustsProxy: boolean;
  /** An S3-compatible store; null: files in the data folder. */
  readonly s3: S3Options | null;
}

export interface ServerConfig {
  readonly port: number;
  /** Port in the addresses that browsers use, where a proxy stands in front; null: the same. */
  readonly publicPort: number | null;
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
  /** Upstream of the Python index proxy, ending in a slash; null: the index that the built pip asks by itself. */
  readonly pythonIndex: string | null;
  /** Where the wheels of Pyodide's own lock are, ending in a slash; null: where the built Pyodide looks by itself. */
  readonly pythonPackages: string | null;
  /** Hosts, or whole origins, that the git proxy may ask. */
  readonly gitHosts: readonly string[];
  readonly sessions: SessionConfig;
}

export function readConfig(env: NodeJS.ProcessEnv = process.env): ServerConfig {
  const root = path.dirname(import.meta.dirname);
  const appHost = env['VERKLET_HOST'] ?? 'verklet.localhost';
  return {
    port: readPort(env['VERKLET_PORT'] ?? env['PORT'] ?? '4173'),
    publicPort: env['VERKLET_PUBLIC_PORT'] === undefined ? null : readPort(env['VERKLET_PUBLIC_PORT']),
    address: env['VERKLET_ADDRESS'] ?? '127.0.0.1',
    appHost,
    previewHosts: splitList(env['VERKLET_PREVIEW_HOSTS'] ?? `preview.${appHost} xpreview.localhost`),
    embedHost: env['VERKLET_EMBED_HOST'] ?? 'embed.localhost',
    scheme: env['VERKLET_SCHEME'] === 'https' ? 'https' : 'http',
    extraParents: splitList(env['VERKLET_PARENTS'] ?? ''),
    distFolder: env['VERKLET_DIST'] ?? path.join(root, 'dist'),
    cacheFolder: env['VERKLET_CACHE'] ?? path.join(root, '.cache'),
    gitHosts: splitList(env['VERKLET_GIT_HOSTS'] ?? DEFAULT_GIT_HOSTS.join(' ')),
    registry: withSlash(env['VERKLET_REGISTRY'] ?? npmRegistry(root)),
    pythonIndex: optionalUrl(env['VERKLET_PYTHON_INDEX']),
    pythonPackages: optionalUrl(env['VERKLET_PYTHON_PACKAGES']),
    sessions: readSessionConfig(env, root),
  };
}

const MINUTE_MS = 60_000;
const GIB = 1024 ** 3;

function readSessionConfig(env: NodeJS.ProcessEnv, root: string): SessionConfig {
  const driver = env['VERKLET_DRIVER'] ?? 'auto';
  if (!isDriver(driver)) throw new Error(`VERKLET_DRIVER is not a driver: ${driver}`);
  const dataFolder = env['VERKLET_DATA'] ?? path.join(root, '.cache/server');
  const isLoopback = ['127.0.0.1', '::1', 'localhost'].includes(env['VERKLET_ADDRESS'] ?? '127.0.0.1');
  return {
    driver,
    dataFolder,
    docker: {
      host: env['DOCKER_HOST'] ?? '/var/run/docker.sock',
      image: env['VERKLET_IMAGE'] ?? 'verklet/box:latest',
      runtime: env['VERKLET_RUNTIME'] ?? 'runc',
    },
    kubernetes: {
      namespace: env['VERKLET_NAMESPACE'] ?? 'verklet-boxes',
      image: env['VERKLET_IMAGE'] ?? 'verklet/box:latest',
      runtimeClass: env['VERKLET_RUNTIME_CLASS'] ?? null,
      allowsSharedKernel: env['VERKLET_SHARED_KERNEL'] === '1',
    },
    boxFolder: env['VERKLET_BOXES'] ?? defaultBoxFolder(dataFolder),
    // On loopback the only visitor is the machine's own user.
    grants: (env['VERKLET_GRANTS'] ?? (isLoopback ? 'open' : 'host')) === 'open' ? 'open' : 'host',
    hostKeys: env['VERKLET_HOST_KEYS'] ?? null,
    limits: {
      memoryBytes: readNumber(env, 'VERKLET_BOX_MEMORY_MB', DEFAULT_LIMITS.memoryBytes / 1024 ** 2) * 1024 ** 2,
      cpus: readNumber(env, 'VERKLET_BOX_CPUS', DEFAULT_LIMITS.cpus),
      processes: readNumber(env, 'VERKLET_BOX_PROCESSES', DEFAULT_LIMITS.processes),
      diskBytes: readNumber(env, 'VERKLET_BOX_DISK_MB', DEFAULT_LIMITS.diskBytes / 1024 ** 2) * 1024 ** 2,
    },
    idleMs: readNumber(env, 'VERKLET_IDLE_MINUTES', 15) * MINUTE_MS,
    maxLifeMs: readNumber(env, 'VERKLET_LIFE_MINUTES', 8 * 60) * MINUTE_MS,
    maxPerOwner: readNumber(env, 'VERKLET_SESSIONS_PER_OWNER', 4),
    maxTotal: readNumber(env, 'VERKLET_SESSIONS', 100),
    maxBytesPerOwner: readNumber(env, 'VERKLET_STORED_GB', 4) * GIB,
    egress: splitList(env['VERKLET_EGRESS'] ?? ''),
    log: env['VERKLET_LOG'] === 'json',
    metricsToken: env['VERKLET_METRICS_TOKEN'] ?? null,
    keepsBoxes: env['VERKLET_KEEP_BOXES'] === '1',
    databaseUrl: env['VERKLET_DATABASE'] ?? null,
    ownUrl: env['VERKLET_OWN_URL'] ?? null,
    trustsProxy: env['VERKLET_TRUST_PROXY'] === '1',
    s3: readS3(env),
  };
}

function readS3(env: NodeJS.ProcessEnv): S3Options | null {
  const url = env['VERKLET_S3_URL'];
  if (url === undefined) return null;
  const accessKeyId = env['AWS_ACCESS_KEY_ID'] ?? '';
  const secretAccessKey = env['AWS_SECRET_ACCESS_KEY'] ?? '';
  if (accessKeyId === '' || secretAccessKey === '') throw new Error('VERKLET_S3_URL needs AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY');
  return { url, accessKeyId, secretAccessKey, region: env['AWS_REGION'] ?? 'us-east-1' };
}

function isDriver(name: string): name is SessionConfig['driver'] {
  return ['auto', 'process', 'docker', 'kubernetes', 'none'].includes(name);
}

/** One per registry: a server ends the boxes there that its registry does not know. */
function defaultBoxFolder(dataFolder: string): string {
  const name = createHash('sha256').update(path.resolve(dataFolder)).digest('hex').slice(0, 12);
  return path.join(tmpdir(), `verklet-${name}`);
}

function readNumber(env: NodeJS.ProcessEnv, name: string, fallback: number): number {
  const value = env[name] === undefined ? fallback : Number(env[name]);
  if (!Number.isFinite(value) || value <= 0) throw new Error(`${name} is not a positive number: ${env[name]}`);
  return value;
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

function optionalUrl(text: string | undefined): string | null {
  return text === undefined || text === '' ? null : withSlash(text);
}
