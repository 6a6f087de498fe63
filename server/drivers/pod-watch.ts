// One watch over all pods of a server: who waits for a pod to run, or to be gone, is told. Reconnects for ever.
import { ApiException, Watch, type CoreV1Api, type KubeConfig, type V1Pod } from '@kubernetes/client-node';

/** A broken API server is not asked in a loop. */
const PAUSE_MS = 1000;

export type PodState = { readonly phase: string; readonly reason: string };
/** Null: the pod is gone. */
type Listener = (state: PodState | null) => void;

export class PodWatch {
  readonly #config: KubeConfig;
  readonly #api: CoreV1Api;
  readonly #namespace: string;
  readonly #labelSelector: string;
  readonly #listeners = new Map<string, Set<Listener>>();
  #isRunning = false;

  constructor(config: KubeConfig, api: CoreV1Api, namespace: string, labelSelector: string) {
    this.#config = config;
    this.#api = api;
    this.#namespace = namespace;
    this.#labelSelector = labelSelector;
  }

  /** Calls back with every state of the pod until the returned function is called. */
  on(name: string, listener: Listener): () => void {
    const listeners = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, listeners.add(listener));
    if (!this.#isRunning) void this.#run();
    // What happened before anybody listened.
    void this.#look(name);
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0) this.#listeners.delete(name);
    };
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    while (this.#listeners.size > 0) {
      try {
        await this.#follow();
      } catch {
        // the API server is away: asked again after a pause, and the list says what was missed
      }
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS).unref());
    }
    this.#isRunning = false;
  }

  async #follow(): Promise<void> {
    const list = await this.#api.listNamespacedPod({ namespace: this.#namespace, labelSelector: this.#labelSelector });
    const seen = new Set(list.items.map((pod) => pod.metadata?.name ?? ''));
    for (const pod of list.items) this.#tell(pod.metadata?.name ?? '', stateOf(pod));
    for (const name of [...this.#listeners.keys()]) if (!seen.has(name)) void this.#look(name);
    const ended = Promise.withResolvers<void>();
    const query = { labelSelector: this.#labelSelector, resourceVersion: list.metadata?.resourceVersion };
    const onEvent = (type: string, pod: V1Pod): void => this.#tell(pod.metadata?.name ?? '', type === 'DELETED' ? null : stateOf(pod));
    const watch = new Watch(this.#config);
    const controller = await watch.watch(`/api/v1/namespaces/${this.#namespace}/pods`, query, onEvent, () => ended.resolve());
    const idle = setInterval(() => this.#listeners.size === 0 && controller.abort(), PAUSE_MS);
    await ended.promise;
    clearInterval(idle);
  }

  async #look(name: string): Promise<void> {
    try {
      this.#tell(name, stateOf(await this.#api.readNamespacedPod({ namespace: this.#namespace, name })));
    } catch (error) {
      if (error instanceof ApiException && error.code === 404) this.#tell(name, null);
      // Anything else is the API server's trouble: the watch asks again.
    }
  }

  #tell(name: string, state: PodState | null): void {
    for (const listener of [...(this.#listeners.get(name) ?? [])]) listener(state);
  }
}

function stateOf({ metadata, status }: V1Pod): PodState {
  const [container] = status?.containerStatuses ?? [];
  const { terminated, waiting } = container?.state ?? {};
  const reason = terminated?.reason ?? waiting?.reason ?? status?.reason ?? '';
  const isEnding = metadata?.deletionTimestamp !== undefined;
  return { phase: isEnding ? 'Terminating' : (status?.phase ?? 'Pending'), reason };
}
