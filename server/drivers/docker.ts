// Boxes as containers of one Docker or Podman engine, local or remote: no network, no capabilities, a read-only root. The
// agent comes as an argument and speaks on the container's stdio, so an image needs Node and nothing of ours.
import Docker from 'dockerode';
import { Duplex } from 'node:stream';
import { VerkletError } from '#protocol';
import { agentScript } from './box-runtime.ts';
import { BOX_ENV, type Availability, type Box, type BoxSpec, type Driver, type Isolation } from './driver.ts';

const LABEL = 'app.verklet.server';
const SESSION_LABEL = 'app.verklet.session';
const MIB = 1024 ** 2;
/** An engine that does not answer is not there; the next driver is tried. */
const PROBE_TIMEOUT_MS = 3000;

export interface DockerOptions {
  /** `/var/run/docker.sock`, or `tcp://host:2376` with DOCKER_CERT_PATH as the docker command takes it. */
  readonly host: string;
  readonly image: string;
  /** `runc`, or `runsc` for gVisor. */
  readonly runtime: string;
  /** Tells the containers of one registry's servers from others on the same engine. */
  readonly serverId: string;
}

export class DockerDriver implements Driver {
  readonly name = 'docker';
  readonly isolation: Isolation;
  readonly #docker: Docker;
  readonly #options: DockerOptions;

  constructor(options: DockerOptions) {
    this.#options = options;
    this.isolation = options.runtime.startsWith('runsc') ? 'gvisor' : 'namespaces';
    this.#docker = connectEngine(options.host);
  }

  async probe(): Promise<Availability> {
    try {
      await withTimeout(this.#docker.ping(), PROBE_TIMEOUT_MS);
    } catch (error) {
      return { isAvailable: false, reason: `no engine answers at ${this.#options.host} (${reasonOf(error)})` };
    }
    try {
      await this.#docker.getImage(this.#options.image).inspect();
    } catch {
      return { isAvailable: false, reason: `the engine has no image ${this.#options.image}; build it as deploy/README.md says` };
    }
    return { isAvailable: true, detail: `${this.#options.image} with ${this.#options.runtime} at ${this.#options.host}` };
  }

  async start({ id, limits, env }: BoxSpec): Promise<Box> {
    const { image, runtime, serverId } = this.#options;
    const variables = { ...BOX_ENV, VERKLET_ENV: JSON.stringify({ ...BOX_ENV, ...env }) };
    // Counted as memory of the container: what is larger than this belongs on a driver with disks.
    const scratch = Math.min(limits.diskBytes, limits.memoryBytes / 2);
    const folder = (sizeBytes: number): string => `rw,exec,nosuid,nodev,size=${Math.floor(sizeBytes)},mode=0755,uid=1000,gid=1000`;
    try {
      const container = await this.#docker.createContainer({
        name: `verklet-${id}`,
        Image: image,
        Labels: { [LABEL]: serverId, [SESSION_LABEL]: id },
        Cmd: ['node', '--disable-warning=ExperimentalWarning', '--input-type=module', '-e', await agentScript()],
        Env: Object.entries(variables).map(([name, value]) => `${name}=${value}`),
        User: '1000:1000',
        WorkingDir: '/workdir',
        Hostname: 'verklet',
        Tty: false,
        OpenStdin: true,
        // The stream may be attached to again, by this server or the next.
        StdinOnce: false,
        HostConfig: {
          Runtime: runtime,
          NetworkMode: 'none',
          ReadonlyRootfs: true,
          Init: true,
          CapDrop: ['ALL'],
          SecurityOpt: ['no-new-privileges'],
          Memory: limits.memoryBytes,
          MemorySwap: limits.memoryBytes,
          NanoCpus: Math.round(limits.cpus * 1e9),
          PidsLimit: limits.processes,
          Ulimits: [
            { Name: 'nofile', Soft: 8192, Hard: 8192 },
            { Name: 'core', Soft: 0, Hard: 0 },
          ],
          Tmpfs: { '/workdir': folder(scratch), '/home/user': folder(scratch), '/tmp': folder(scratch), '/run': folder(16 * MIB) },
          LogConfig: { Type: 'none', Config: {} },
          RestartPolicy: { Name: 'no' },
        },
      });
      await container.start();
      return this.#box(container);
    } catch (error) {
      throw new VerkletError('ERR_BOX_FAILED', { reason: reasonOf(error) }, { cause: error });
    }
  }

  async adopt(handle: string): Promise<Box | null> {
    const container = this.#docker.getContainer(handle);
    const info = await container.inspect().catch((error: unknown) => {
      if ((error as { statusCode?: number }).statusCode === 404) return null;
      throw new VerkletError('ERR_BOX_FAILED', { reason: reasonOf(error) }, { cause: error });
    });
    if (info?.State.Running === true) return this.#box(container);
    if (info) await remove(container);
    return null;
  }

  async reap(live: ReadonlySet<string>): Promise<number> {
    const containers = await this.#docker.listContainers({ all: true, filters: { label: [`${LABEL}=${this.#options.serverId}`] } });
    const stale = containers.filter(({ Labels }) => !live.has(Labels[SESSION_LABEL] ?? ''));
    await Promise.all(stale.map(({ Id }) => remove(this.#docker.getContainer(Id))));
    return stale.length;
  }

  #box(container: Docker.Container): Box {
    const ended = container.wait().then(
      ({ StatusCode }: { StatusCode: number }) => `the container ended (${StatusCode})`,
      (error: unknown) => `the container is gone (${reasonOf(error)})`,
    );
    return {
      handle: container.id,
      ended,
      connect: async () => {
        const stream = await container.attach({ stream: true, stdin: true, stdout: true, stderr: false, hijack: true });
        return demultiplexed(stream as unknown as Duplex);
      },
      stop: () => remove(container),
    };
  }
}

/**
 * The engine puts 8 bytes before each piece of output: the stream's number and the piece's length. Every hijacked stream
 * has an error listener: a container that dies while we write would end this process otherwise.
 */
function demultiplexed(raw: Duplex): Duplex {
  let held: Buffer = Buffer.alloc(0);
  const duplex = new Duplex({
    read: () => undefined,
    write: (chunk: Buffer, _encoding, done) => void raw.write(chunk, done),
    final: (done) => void raw.end(done),
    destroy: (error, done) => {
      raw.destroy();
      done(error);
    },
  });
  raw.on('data', (chunk: Buffer) => {
    held = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
    let at = 0;
    while (held.length - at >= 8) {
      const length = held.readUInt32BE(at + 4);
      if (held.length - at < 8 + length) break;
      if (held[at] === 1) duplex.push(held.subarray(at + 8, at + 8 + length));
      at += 8 + length;
    }
    held = held.subarray(at);
  });
  raw.on('end', () => duplex.push(null));
  raw.on('close', () => duplex.destroy());
  raw.on('error', (error) => duplex.destroy(error));
  return duplex;
}

async function remove(container: Docker.Container): Promise<void> {
  try {
    await container.remove({ force: true, v: true });
  } catch (error) {
    const { statusCode } = error as { statusCode?: number };
    if (statusCode !== 404 && statusCode !== 409) throw error; // gone already, or going
  }
}

function connectEngine(host: string): Docker {
  if (!host.startsWith('tcp://')) return new Docker({ socketPath: host.replace(/^unix:\/\//, '') });
  const { hostname, port } = new URL(host);
  return new Docker({ host: hostname, port: Number(port) });
}

async function withTimeout<T>(work: Promise<T>, timeoutMs: number): Promise<T> {
  const timeout = Promise.withResolvers<never>();
  const timer = setTimeout(() => timeout.reject(new Error('it does not answer')), timeoutMs);
  try {
    return await Promise.race([work, timeout.promise]);
  } finally {
    clearTimeout(timer);
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
