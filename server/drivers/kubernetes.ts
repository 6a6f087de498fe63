// Boxes as pods of a cluster, which places them, limits them and restarts nodes under them: we write no scheduler. The
// server reaches a pod by `exec` through the API server, so pods need no network at all, and have none.
import { ApiException, CoreV1Api, Exec, KubeConfig, NetworkingV1Api, NodeV1Api, type V1Pod } from '@kubernetes/client-node';
import { Duplex, PassThrough, Writable } from 'node:stream';
import { VerkletError } from '#protocol';
import { agentScript } from './box-runtime.ts';
import type { Availability, Box, BoxSpec, Driver, Isolation } from './driver.ts';
import { BOX_LABEL, CONNECT_COMMAND, CONTAINER, podOf, SERVER_LABEL, SESSION_LABEL } from './kubernetes-pod.ts';
import { PodWatch, type PodState } from './pod-watch.ts';

/** A node may have to pull the image first. */
const START_TIMEOUT_MS = 120_000;
const CONNECT_TRIES = 40;
const CONNECT_PAUSE_MS = 250;
const PROBE_TIMEOUT_MS = 5000;
/** Reasons that time does not cure. */
const HOPELESS: ReadonlySet<string> = new Set(['ErrImageNeverPull', 'InvalidImageName', 'ImagePullBackOff', 'CreateContainerConfigError']);

export interface KubernetesOptions {
  readonly namespace: string;
  readonly image: string;
  /** A RuntimeClass with a kernel of its own, as `gvisor`; null: none is configured. */
  readonly runtimeClass: string | null;
  /** Without a runtime class boxes share the nodes' kernel: only where the operator says so. */
  readonly allowsSharedKernel: boolean;
  /** Tells the pods of one registry's servers from others in the namespace. */
  readonly serverId: string;
}

export class KubernetesDriver implements Driver {
  readonly name = 'kubernetes';
  readonly isolation: Isolation;
  readonly #options: KubernetesOptions;
  readonly #config: KubeConfig;
  readonly #api: CoreV1Api;
  readonly #watch: PodWatch;

  /** `config`: by default the pod's own service account, or the operator's kubeconfig. */
  constructor(options: KubernetesOptions, config: KubeConfig = defaultConfig()) {
    this.#options = options;
    this.#config = config;
    this.#api = config.makeApiClient(CoreV1Api);
    this.#watch = new PodWatch(config, this.#api, options.namespace, `${SERVER_LABEL}=${options.serverId}`);
    this.isolation = isolationOf(options.runtimeClass);
  }

  async probe(): Promise<Availability> {
    const { namespace, runtimeClass, allowsSharedKernel, image } = this.#options;
    if (runtimeClass === null && !allowsSharedKernel) {
      const reason = 'no runtime class: set VERKLET_RUNTIME_CLASS (gVisor, Kata), or VERKLET_SHARED_KERNEL=1 for users you trust';
      return { isAvailable: false, reason };
    }
    try {
      await withTimeout(this.#api.listNamespacedPod({ namespace, limit: 1 }), PROBE_TIMEOUT_MS);
    } catch (error) {
      return { isAvailable: false, reason: `pods of namespace ${namespace} cannot be listed (${reasonOf(error)})` };
    }
    if (runtimeClass !== null) {
      const found = await this.#config.makeApiClient(NodeV1Api).readRuntimeClass({ name: runtimeClass }).catch(reasonOf);
      if (typeof found === 'string') return { isAvailable: false, reason: `the cluster has no runtime class ${runtimeClass} (${found})` };
    }
    if (!(await this.#isCutOff())) {
      const reason = `namespace ${namespace} has no NetworkPolicy that cuts boxes off; apply deploy/kubernetes`;
      return { isAvailable: false, reason };
    }
    return { isAvailable: true, detail: `${image} in namespace ${namespace}, runtime class ${runtimeClass ?? '(the cluster’s default)'}` };
  }

  async start(spec: BoxSpec): Promise<Box> {
    const { namespace, runtimeClass, allowsSharedKernel, image, serverId } = this.#options;
    if (runtimeClass === null && !allowsSharedKernel)
      throw new VerkletError('ERR_BOX_FAILED', { reason: 'no runtime class is configured' });
    const body = podOf(spec, { serverId, image, runtimeClass, agent: await agentScript() });
    const name = body.metadata?.name ?? '';
    try {
      await this.#api.createNamespacedPod({ namespace, body });
      await this.#running(name);
      return this.#box(name);
    } catch (error) {
      await this.#remove(name).catch(() => undefined); // the reason is what counts; the reaper has the rest
      throw new VerkletError('ERR_BOX_FAILED', { reason: reasonOf(error) }, { cause: error });
    }
  }

  async adopt(handle: string): Promise<Box | null> {
    const pod = await this.#read(handle);
    if (pod?.status?.phase === 'Running' && pod.metadata?.deletionTimestamp === undefined) return this.#box(handle);
    if (pod) await this.#remove(handle);
    return null;
  }

  async reap(live: ReadonlySet<string>): Promise<number> {
    const { namespace, serverId } = this.#options;
    const { items } = await this.#api.listNamespacedPod({ namespace, labelSelector: `${SERVER_LABEL}=${serverId}` });
    const stale = items.filter(({ metadata }) => !live.has(metadata?.labels?.[SESSION_LABEL] ?? ''));
    await Promise.all(stale.map(({ metadata }) => this.#remove(metadata?.name ?? '')));
    return stale.length;
  }

  #box(name: string): Box {
    const ended = Promise.withResolvers<string>();
    const stopWatching = this.#watch.on(name, (state) => {
      if (state?.phase === 'Running' || state?.phase === 'Pending') return;
      stopWatching();
      ended.resolve(state === null ? 'the pod is gone' : `the pod ended (${state.reason || state.phase})`);
    });
    return {
      handle: name,
      ended: ended.promise,
      connect: () => this.#connect(name),
      stop: async () => {
        stopWatching();
        await this.#remove(name);
        ended.resolve('the pod was removed');
      },
    };
  }

  /** The agent may not listen yet, and a kubelet may be busy: tried again for a while. */
  async #connect(name: string): Promise<Duplex> {
    for (let tries = 1; ; tries++) {
      try {
        return await this.#exec(name);
      } catch (error) {
        const pod = tries < CONNECT_TRIES ? await this.#read(name) : null;
        if (pod?.status?.phase !== 'Running') throw new VerkletError('ERR_SESSION_LOST', { reason: reasonOf(error) }, { cause: error });
        await new Promise((resolve) => setTimeout(resolve, CONNECT_PAUSE_MS));
      }
    }
  }

  async #exec(name: string): Promise<Duplex> {
    const toPod = new PassThrough();
    let complaint = '';
    const duplex = new Duplex({
      read: () => undefined,
      write: (chunk: Buffer, _encoding, done) => void toPod.write(chunk, done),
      final: (done) => void toPod.end(done),
      destroy: (error, done) => {
        toPod.destroy();
        socket?.close();
        done(error);
      },
    });
    const output = new Writable({ write: (chunk: Buffer, _encoding, done) => void (duplex.push(chunk), done()) });
    const errors = new Writable({ write: (chunk: Buffer, _encoding, done) => void ((complaint += chunk.toString()), done()) });
    const { namespace } = this.#options;
    const exec = new Exec(this.#config);
    const socket = await exec.exec(namespace, name, CONTAINER, [...CONNECT_COMMAND], output, errors, toPod, false, (status) => {
      if (status.status !== 'Success') complaint ||= status.message ?? '';
    });
    socket.onclose = () => duplex.destroy(complaint === '' ? undefined : new Error(complaint));
    return duplex;
  }

  async #running(name: string): Promise<void> {
    const settled = Promise.withResolvers<void>();
    const judge = (state: PodState | null): void => {
      if (state?.phase === 'Running') settled.resolve();
      else if (state === null) settled.reject(new Error('the pod was removed before it ran'));
      else if (state.phase !== 'Pending' || HOPELESS.has(state.reason)) settled.reject(new Error(state.reason || state.phase));
    };
    const stopWatching = this.#watch.on(name, judge);
    try {
      await withTimeout(settled.promise, START_TIMEOUT_MS);
    } finally {
      stopWatching();
    }
  }

  /** A policy that selects boxes, both ways, and allows nothing. */
  async #isCutOff(): Promise<boolean> {
    const { namespace } = this.#options;
    const policies = await this.#config
      .makeApiClient(NetworkingV1Api)
      .listNamespacedNetworkPolicy({ namespace })
      .catch(() => null); // not allowed to look: not known to be cut off
    return (policies?.items ?? []).some(({ spec }) => {
      const labels = Object.entries(spec?.podSelector?.matchLabels ?? {});
      const selectsBoxes =
        labels.every(([label, value]) => label === BOX_LABEL && value === 'true') && !spec?.podSelector?.matchExpressions;
      const types = spec?.policyTypes ?? [];
      const allowsNothing = (spec?.ingress ?? []).length === 0 && (spec?.egress ?? []).length === 0;
      return selectsBoxes && allowsNothing && types.includes('Ingress') && types.includes('Egress');
    });
  }

  async #read(name: string): Promise<V1Pod | null> {
    try {
      return await this.#api.readNamespacedPod({ namespace: this.#options.namespace, name });
    } catch (error) {
      if (error instanceof ApiException && error.code === 404) return null;
      throw error;
    }
  }

  /** Returns when nothing is left. */
  async #remove(name: string): Promise<void> {
    const gone = Promise.withResolvers<void>();
    const stopWatching = this.#watch.on(name, (state) => state === null && gone.resolve());
    try {
      await this.#api.deleteNamespacedPod({ namespace: this.#options.namespace, name, gracePeriodSeconds: 0 });
      if ((await this.#read(name)) !== null) await withTimeout(gone.promise, START_TIMEOUT_MS);
    } catch (error) {
      if (!(error instanceof ApiException && error.code === 404)) throw error; // gone already
    } finally {
      stopWatching();
    }
  }
}

function isolationOf(runtimeClass: string | null): Isolation {
  if (runtimeClass === null) return 'namespaces';
  if (/gvisor|runsc/i.test(runtimeClass)) return 'gvisor';
  return /kata|firecracker|vm|cloud-hypervisor/i.test(runtimeClass) ? 'vm' : 'namespaces';
}

function defaultConfig(): KubeConfig {
  const config = new KubeConfig();
  config.loadFromDefault();
  return config;
}

async function withTimeout<T>(work: Promise<T>, timeoutMs: number): Promise<T> {
  const timeout = Promise.withResolvers<never>();
  const timer = setTimeout(() => timeout.reject(new Error(`nothing happened for ${timeoutMs / 1000} s`)), timeoutMs);
  try {
    return await Promise.race([work, timeout.promise]);
  } finally {
    clearTimeout(timer);
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof ApiException) {
    return `${error.code} ${messageOf(error.body)}`.trim();
  }
  return error instanceof Error ? error.message : String((error as { message?: unknown } | null)?.message ?? error);
}

/** A status object of the API server, or its text. */
function messageOf(body: unknown): string {
  if (typeof body !== 'string') return String((body as { message?: unknown } | null)?.message ?? '');
  try {
    return String((JSON.parse(body) as { message?: unknown }).message ?? body);
  } catch {
    return body; // a proxy's own page
  }
}
