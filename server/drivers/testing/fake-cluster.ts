// The endpoints of the Kubernetes API that the driver uses, on loopback: pods with a lifecycle, watches, exec with the v4
// and v5 channel protocols, admission of runtime classes. Its one node is bubblewrap: a pod's command really runs, boxed.
// No stand-in for a cluster: it knows no scheduler, no network policy and no quota.
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { V1Pod } from '@kubernetes/client-node';
import { WebSocketServer, type WebSocket } from 'ws';
import type { LinkStream, ProcessEvent, StreamOpening } from '#protocol';
import { AgentConnection } from '../../sessions/agent-connection.ts';
import { DEFAULT_LIMITS, type Box } from '../driver.ts';
import type { ProcessDriver } from '../process.ts';

interface Running {
  pod: V1Pod;
  box: Box | null;
  node: AgentConnection | null;
}

const STDIN = 0;
const STDOUT = 1;
const STDERR = 2;
const STATUS = 3;
const CLOSE = 255;
const TOKEN = 'the token of a service account';

export class FakeCluster {
  readonly runtimeClasses = new Set<string>(['gvisor']);
  /** As `deploy/kubernetes` applies it. */
  policies: object[] = [
    {
      metadata: { name: 'verklet-boxes' },
      spec: { podSelector: { matchLabels: { 'app.verklet/box': 'true' } }, policyTypes: ['Ingress', 'Egress'] },
    },
  ];
  /** Of every pod that was asked for. */
  readonly asked: V1Pod[] = [];
  readonly #protocol: string;
  readonly #node: ProcessDriver;
  readonly #server: Server;
  readonly #sockets: WebSocketServer;
  readonly #pods = new Map<string, Running>();
  readonly #watchers = new Set<ServerResponse>();
  #version = 1;

  /** `protocol`: the newest that this API server speaks. */
  private constructor(node: ProcessDriver, protocol: 'v4.channel.k8s.io' | 'v5.channel.k8s.io') {
    this.#node = node;
    this.#protocol = protocol;
    this.#server = createServer((request, response) => void this.#answer(request, response));
    this.#sockets = new WebSocketServer({
      noServer: true,
      handleProtocols: (offered) => (offered.has(this.#protocol) ? this.#protocol : false),
    });
    this.#server.on('upgrade', (request, socket, head) => {
      const [, name = ''] = /^\/api\/v1\/namespaces\/boxes\/pods\/([\w-]+)\/exec\?/.exec(request.url ?? '') ?? [];
      const running = this.#pods.get(name);
      if (!this.#isKnown(request) || running?.pod.status?.phase !== 'Running') return void socket.end('HTTP/1.1 400 Bad Request\r\n\r\n');
      this.#sockets.handleUpgrade(request, socket, head, (webSocket) => this.#exec(running, request, webSocket));
    });
  }

  static async start(node: ProcessDriver, protocol: 'v4.channel.k8s.io' | 'v5.channel.k8s.io' = 'v5.channel.k8s.io'): Promise<FakeCluster> {
    const cluster = new FakeCluster(node, protocol);
    await new Promise<void>((resolve) => cluster.#server.listen(0, '127.0.0.1', resolve));
    return cluster;
  }

  /** As a kubeconfig file would say it. */
  get kubeconfig(): string {
    const server = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
    return JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': 'c',
      clusters: [{ name: 'k', cluster: { server, 'insecure-skip-tls-verify': true } }],
      users: [{ name: 'u', user: { token: TOKEN } }],
      contexts: [{ name: 'c', context: { cluster: 'k', user: 'u', namespace: 'boxes' } }],
    });
  }

  get podNames(): string[] {
    return [...this.#pods.keys()];
  }

  /** The API server forgets its watchers, as it does every few minutes. */
  dropWatches(): void {
    for (const watcher of this.#watchers) watcher.destroy();
  }

  async close(): Promise<void> {
    await Promise.all([...this.#pods.values()].map((running) => this.#end(running)));
    this.#sockets.close();
    await new Promise((resolve) => {
      this.#server.close(resolve);
      this.#server.closeAllConnections();
    });
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://cluster');
    const [, namespace, name] = /^\/api\/v1\/namespaces\/([\w-]+)\/pods(?:\/([\w-]+))?$/.exec(url.pathname) ?? [];
    const [, runtimeClass] = /^\/apis\/node\.k8s\.io\/v1\/runtimeclasses\/([\w-]+)$/.exec(url.pathname) ?? [];
    if (!this.#isKnown(request)) return fail(response, 401, 'Unauthorized');
    if (runtimeClass !== undefined) {
      if (!this.runtimeClasses.has(runtimeClass)) return fail(response, 404, `runtimeclasses.node.k8s.io "${runtimeClass}" not found`);
      return json(response, 200, {
        apiVersion: 'node.k8s.io/v1',
        kind: 'RuntimeClass',
        handler: 'runsc',
        metadata: { name: runtimeClass },
      });
    }
    if (url.pathname === '/apis/networking.k8s.io/v1/namespaces/boxes/networkpolicies') {
      return json(response, 200, { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicyList', metadata: {}, items: this.policies });
    }
    if (namespace !== 'boxes') return fail(response, 403, 'pods is forbidden');
    if (name !== undefined) return this.#onePod(request, response, name);
    if (request.method === 'POST') return this.#create(response, JSON.parse(await textOf(request)) as V1Pod);
    return this.#list(response, url);
  }

  #list(response: ServerResponse, url: URL): void {
    const wanted = (url.searchParams.get('labelSelector') ?? '').split(',').filter(Boolean);
    const isWanted = ({ metadata }: V1Pod): boolean =>
      wanted.every((each) => metadata?.labels?.[each.split('=')[0] ?? ''] === each.split('=')[1]);
    if (url.searchParams.get('watch') !== 'true') {
      const items = [...this.#pods.values()].map(({ pod }) => pod).filter(isWanted);
      return json(response, 200, { apiVersion: 'v1', kind: 'PodList', metadata: { resourceVersion: String(this.#version) }, items });
    }
    response.writeHead(200, { 'Content-Type': 'application/json' });
    response.flushHeaders();
    this.#watchers.add(response);
    response.on('close', () => this.#watchers.delete(response));
    response.on('error', () => undefined); // dropped by a test
  }

  async #onePod(request: IncomingMessage, response: ServerResponse, name: string): Promise<void> {
    const running = this.#pods.get(name);
    if (running === undefined) return fail(response, 404, `pods "${name}" not found`);
    if (request.method !== 'DELETE') return json(response, 200, running.pod);
    running.pod = { ...running.pod, metadata: { ...running.pod.metadata, deletionTimestamp: new Date() } };
    this.#tell('MODIFIED', running.pod);
    json(response, 200, running.pod);
    await this.#end(running);
    this.#pods.delete(name);
    this.#tell('DELETED', running.pod);
  }

  #create(response: ServerResponse, pod: V1Pod): void {
    this.asked.push(pod);
    const name = pod.metadata?.name ?? '';
    if (this.#pods.has(name)) return fail(response, 409, `pods "${name}" already exists`);
    const runtimeClass = pod.spec?.runtimeClassName;
    if (runtimeClass !== undefined && !this.runtimeClasses.has(runtimeClass))
      return fail(response, 403, `RuntimeClass "${runtimeClass}" not found`);
    const running: Running = { pod: { ...pod, status: { phase: 'Pending' } }, box: null, node: null };
    this.#pods.set(name, running);
    json(response, 201, running.pod);
    this.#tell('ADDED', running.pod);
    void this.#run(running);
  }

  /** What a kubelet does: a box, and the container's command in it. */
  async #run(running: Running): Promise<void> {
    const [container] = running.pod.spec?.containers ?? [];
    const limits = container?.resources?.limits ?? {};
    running.box = await this.#node.start({
      id: `pod-${randomUUID().slice(0, 8)}`,
      limits: {
        ...DEFAULT_LIMITS,
        memoryBytes: Number(limits['memory']),
        diskBytes: Number(limits['ephemeral-storage']),
        processes: 120,
      },
      env: {},
    });
    running.node = new AgentConnection({ onOpen: () => null, onEvent: () => undefined, onLost: () => undefined });
    await running.node.connect(running.box);
    const env = Object.fromEntries((container?.env ?? []).map(({ name, value }) => [name, value ?? '']));
    const command = ['env', ...Object.entries(env).map(([name, value]) => `${name}=${value}`), ...(container?.command ?? [])];
    const mounts = (container?.volumeMounts ?? []).map(({ mountPath }) => mountPath).join(' ');
    const main = running.node.endpoint.open(
      {
        type: 'spawn',
        argv: ['sh', '-c', `mkdir -p ${mounts} 2>/dev/null; exec "$@"`, 'sh', ...command],
        cwd: '/workdir',
        env: {},
      } satisfies StreamOpening,
      { onMessage: (message) => this.#mainEnded(running, message as ProcessEvent), onData: (bytes) => main.taken(bytes.length) },
    );
    this.#setPhase(running, 'Running');
    void running.box.ended.then(() => this.#setPhase(running, 'Failed', 'OOMKilled'));
  }

  #mainEnded(running: Running, event: ProcessEvent): void {
    if (event.type === 'exited') this.#setPhase(running, event.status.code === 0 ? 'Succeeded' : 'Failed', 'Error');
  }

  #setPhase(running: Running, phase: string, reason?: string): void {
    if (running.pod.status?.phase === phase || running.pod.status?.phase === 'Failed') return;
    running.pod = { ...running.pod, status: { phase, ...(reason === undefined ? {} : { reason }) } };
    this.#tell('MODIFIED', running.pod);
  }

  async #end(running: Running): Promise<void> {
    running.node?.close();
    await running.box?.stop();
  }

  /** Channel bytes in front of every message; the status of the command comes last, on a channel of its own. */
  #exec({ node }: Running, request: IncomingMessage, socket: WebSocket): void {
    const query = new URL(request.url ?? '', 'http://cluster').searchParams;
    const argv = query.getAll('command');
    const out = (channel: number, bytes: Uint8Array): void => socket.send(Buffer.concat([Buffer.of(channel), bytes]));
    for (const channel of [STDOUT, STDERR]) out(channel, new Uint8Array(0));
    const { endpoint } = node as AgentConnection;
    const errors: LinkStream = endpoint.open({ type: 'stderr-of', stream: endpoint.nextStream + 2 } satisfies StreamOpening, {
      onData: (bytes) => {
        out(STDERR, bytes);
        errors.taken(bytes.length);
      },
    });
    const status = (value: object): void => {
      out(STATUS, Buffer.from(JSON.stringify({ metadata: {}, ...value })));
      socket.close(1000);
    };
    const main: LinkStream = endpoint.open({ type: 'spawn', argv, cwd: '/workdir', env: {} } satisfies StreamOpening, {
      onData: (bytes) => {
        out(STDOUT, bytes);
        main.taken(bytes.length);
      },
      onMessage: (message) => {
        const event = message as ProcessEvent;
        if (event.type === 'failed') status({ status: 'Failure', reason: 'InternalError', message: event.message });
        else if (event.type !== 'exited') return;
        else if (event.status.code === 0) status({ status: 'Success' });
        else status({ status: 'Failure', reason: 'NonZeroExitCode', message: `command terminated with exit code ${event.status.code}` });
      },
      onReset: () => socket.terminate(),
    });
    socket.on('message', (data: Buffer) => {
      if (data[0] === STDIN) main.write(data.subarray(1));
      else if (data[0] === CLOSE && socket.protocol === 'v5.channel.k8s.io') main.end();
    });
    // A client of v4 cannot close its input; when it goes, its command does.
    socket.on('close', () => main.message({ type: 'kill', signal: 'SIGKILL' }));
  }

  #tell(type: 'ADDED' | 'MODIFIED' | 'DELETED', object: V1Pod): void {
    object.metadata = { ...object.metadata, resourceVersion: String(++this.#version) };
    for (const watcher of this.#watchers) watcher.write(`${JSON.stringify({ type, object })}\n`);
  }

  #isKnown({ headers }: IncomingMessage): boolean {
    return headers.authorization === `Bearer ${TOKEN}`;
  }
}

function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
}

function fail(response: ServerResponse, code: number, message: string): void {
  json(response, code, { apiVersion: 'v1', kind: 'Status', status: 'Failure', code, message, metadata: {} });
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}
