// Promotion: takes what the tab cannot do to a server session and brings it back. One per runtime, page side.
import {
  isVerkletError,
  toErrorData,
  VerkletError,
  type Diagnostic,
  type FromPromotion,
  type LinkState,
  type Placement,
  type PromotionSignal,
  type SessionEvent,
  type ToPromotion,
} from '#protocol';
import type { KernelChannel } from '../kernel-channel.ts';
import type { GrantOption, SessionInfo } from './session-client.ts';
import { SessionClient } from './session-client.ts';
import { PromotionQueue, type QueuedCommand } from './queue.ts';
import { installationId, waitForConnection } from './host-page.ts';
import { preparationFor } from './prepare.ts';
import type { PromotionPolicy, PromotionRequest, PromotionState, RunningRule } from './promotion-state.ts';
import { SessionWorker } from './session-worker.ts';
import { WorkspaceSync, type Conflict } from './workspace-sync.ts';

export interface PromotionOptions {
  readonly kernel: KernelChannel;
  readonly backend: 'auto' | 'server';
  readonly url: string;
  readonly grant: GrantOption | undefined;
  readonly prepare: readonly (readonly string[])[] | undefined;
  readonly policy: PromotionPolicy;
  readonly running: RunningRule;
  readonly projectId: string;
  readonly runtimeId: string;
  readonly workspaceKey: string;
  /** Reports changed paths of the workspace, relative, until the signal aborts. */
  readonly watch: (signal: AbortSignal, listener: (path: string) => void) => Promise<void>;
  readonly record: (diagnostic: Diagnostic) => void;
  /** The preview's address of an open port that is the session's; undefined for every other. */
  readonly urlOfRemotePort: (port: number) => string | undefined;
  /** Stores the workspace now, where it is stored at all; never rejects. */
  readonly saveFiles: () => Promise<void>;
  /** Starts a command that waited from before this page. */
  readonly startQueued: (command: QueuedCommand) => void;
}

interface ActiveSession {
  readonly client: SessionClient;
  info: SessionInfo;
  readonly signal: PromotionSignal;
  readonly sync: WorkspaceSync;
  readonly stopWatching: AbortController;
}

/** Quiet time after an edit before it is sent: an editor's save is several changes. */
const PUSH_AFTER_MS = 200;
const UNMIRRORED = /(?:^|\/)(?:node_modules|\.venv|__pycache__)(?:\/|$)/;
const INTERRUPTED = 130;

export class Promotion {
  readonly #options: PromotionOptions;
  readonly #worker: SessionWorker;
  readonly #queue: PromotionQueue;
  readonly #listeners = new Set<() => void>();
  readonly #cancels = new Map<number, AbortController>();
  readonly #requests = new Map<string, { readonly request: PromotionRequest; answer(isAllowed: boolean): void }>();
  readonly #conflicts: Conflict[] = [];
  /** Until the server said otherwise, a command may find out by asking it. */
  #state: PromotionState = { type: 'idle' };
  #active: ActiveSession | null = null;
  #starting: Promise<ActiveSession> | null = null;
  #isAllowed = false;
  #mayRunQueue = false;
  #isDisposed = false;
  readonly #onOnline = (): void => void this.#check();

  private constructor(options: PromotionOptions, port: MessagePort) {
    this.#options = options;
    this.#queue = new PromotionQueue(options.workspaceKey);
    this.#worker = new SessionWorker(port, {
      onKernel: (message) => this.#receive(message),
      onState: (state) => this.#linkChanged(state),
      onEvent: (event) => this.#active && this.#sessionEvent(this.#active, event),
      onReady: (isSame) => this.#active && this.#ready(this.#active, isSame),
      onRefused: (reason) => this.#active && this.#end(this.#active, reason),
      onGap: (pid, lostBytes) => options.record({ atMs: Date.now(), type: 'output-lost', pid, lostBytes }),
      settle: async (batch) => this.#active?.sync.caughtUp(batch),
      renewToken: async () => this.#active?.client.renewToken(this.#active.info.id) ?? null,
    });
    addEventListener('online', this.#onOnline);
  }

  /** Joins the kernel; asks the server in the background whether it runs sessions. */
  static async open(options: PromotionOptions): Promise<Promotion> {
    const { port1, port2 } = new MessageChannel();
    const promotion = new Promotion(options, port1);
    await options.kernel.ask({ type: 'attach-promotion', port: port2 }, [port2]);
    // A boot does not wait for a server that only `auto` might need.
    promotion.#place();
    const checked = promotion.#check();
    if (options.backend === 'server') await checked;
    if (options.backend === 'server' && promotion.#state.type === 'unavailable') {
      promotion.dispose();
      throw new VerkletError('ERR_NO_DRIVER', { reason: promotion.#state.reason });
    }
    return promotion;
  }

  get state(): PromotionState {
    return this.#state;
  }

  get conflicts(): readonly Conflict[] {
    return this.#conflicts;
  }

  get queue(): readonly QueuedCommand[] {
    return this.#queue.list();
  }

  get requests(): readonly PromotionRequest[] {
    return [...this.#requests.values()].map(({ request }) => request);
  }

  /** Called after every change of what the getters say. */
  on(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Answers a request of the policy `ask`; an allowance holds for this runtime. */
  answer(id: string, decision: 'allow' | 'deny'): void {
    this.#requests.get(id)?.answer(decision === 'allow');
  }

  /** Starts a session without a command that needs it. */
  async promote(): Promise<void> {
    await this.#ensure(
      { code: 'session-active', subject: 'this workspace', because: 'it was asked for' },
      '',
      new AbortController().signal,
    );
  }

  /** Brings everything back to the tab and ends the session. Programs on the server are ended. */
  async demote(): Promise<void> {
    const active = this.#active;
    if (!active) return;
    await active.sync.push();
    const { root } = await active.client.stop(active.info.id);
    if (root !== null) await active.sync.pull(root, Infinity);
    this.#end(active, 'it was brought back to the tab');
  }

  async extend(): Promise<void> {
    const active = this.#active;
    if (!active) return;
    const { expiresAtMs } = await active.client.extend(active.info.id);
    active.info = { ...active.info, expiresAtMs };
    this.#showActive(active);
  }

  async previewLink(port: number, path = '/'): Promise<string> {
    const active = this.#active;
    const url = this.#options.urlOfRemotePort(port);
    if (!active || url === undefined) throw new VerkletError('ERR_NO_SUCH_PORT', { port });
    const ticket = await active.client.previewTicket(active.info.id, port, this.#options.runtimeId);
    const link = new URL('/__verklet/enter', url);
    link.search = new URLSearchParams({ ticket, to: path }).toString();
    return link.href;
  }

  async cancelQueued(id: string): Promise<void> {
    await this.#queue.take(id);
    this.#changed();
  }

  dismissConflict(path: string): void {
    const index = this.#conflicts.findIndex((conflict) => conflict.path === path);
    if (index >= 0) this.#conflicts.splice(index, 1);
    this.#changed();
  }

  /** Leaves the session to its idle timer: another page, or this one later, goes on with it. */
  dispose(): void {
    this.#isDisposed = true;
    removeEventListener('online', this.#onOnline);
    for (const cancel of this.#cancels.values()) cancel.abort();
    if (this.#active) this.#close(this.#active, 'the runtime was disposed');
    this.#worker.dispose();
  }

  /** Whether the server is there, and then what waited for it. */
  async #check(): Promise<void> {
    if (this.#isDisposed || this.#active || this.#starting) return;
    const status = await new SessionClient(this.#options.url).status();
    const known = `verklet-server:${this.#options.url}`;
    if (status !== null) localStorage.setItem(known, status.sessions);
    const isAvailable = status === null ? localStorage.getItem(known) === 'available' : status.sessions === 'available';
    this.#setState(isAvailable ? { type: 'idle' } : { type: 'unavailable', reason: status?.reason ?? 'the server cannot be reached' });
    this.#place();
    if (status?.sessions === 'available' && this.#mayRunQueue) await this.#runQueue();
  }

  /** From now on, what waited from before this page runs when there is a connection. */
  startQueue(): void {
    this.#mayRunQueue = true;
    void this.#check();
  }

  async #runQueue(): Promise<void> {
    for (const command of this.#queue.left()) if (await this.#queue.take(command.id)) this.#options.startQueued(command);
    this.#changed();
  }

  #place(): void {
    const placement: Placement =
      this.#state.type === 'unavailable' ? 'tab' : this.#active || this.#options.backend === 'server' ? 'server' : 'on-demand';
    this.#post({ type: 'set-placement', placement });
  }

  #receive(message: ToPromotion): void {
    switch (message.type) {
      case 'ask-promotion':
        return void this.#answerKernel(message);
      case 'start-remote':
        return void this.#start(message);
      case 'kill-remote':
        return this.#cancels.get(message.pid)?.abort();
      case 'open-remote-connection':
        return this.#post({ type: 'connection-closed', id: message.id });
      default:
      // Of a program or connection whose session is over.
    }
  }

  async #answerKernel({ id, signal, command }: Extract<ToPromotion, { type: 'ask-promotion' }>): Promise<void> {
    const error = await this.#consent(signal, command, new AbortController().signal).then(() => null, toErrorData);
    this.#post({ type: 'promotion-answer', id, error });
  }

  async #start(message: Extract<ToPromotion, { type: 'start-remote' }>): Promise<void> {
    const { pid, argv, signal } = message;
    const cancel = new AbortController();
    this.#cancels.set(pid, cancel);
    try {
      const active = await this.#ensureOrWait(message, cancel.signal);
      await this.#prepare(active, message, cancel.signal);
      await active.sync.push();
      cancel.signal.throwIfAborted();
      this.#cancels.delete(pid);
      this.#worker.start(message);
    } catch (error) {
      this.#cancels.delete(pid);
      if (cancel.signal.aborted) this.#post({ type: 'remote-ended', pid, status: { code: INTERRUPTED, signal: null } });
      else {
        this.#post({ type: 'remote-failed', pid, error: toErrorData(error) });
        this.#options.record({ atMs: Date.now(), type: 'promotion-failed', command: argv.join(' '), signal, error: toErrorData(error) });
      }
    }
  }

  /** The session; without a connection the command waits, and is kept in case the page does not live to see one. */
  async #ensureOrWait(
    { pid, argv, cwd, signal }: Extract<ToPromotion, { type: 'start-remote' }>,
    cancelled: AbortSignal,
  ): Promise<ActiveSession> {
    const command = argv.join(' ');
    const note = (text: string): void => this.#post({ type: 'remote-note', pid, text });
    if (!this.#active) note(`${signal.subject} needs a server session: ${signal.because}`);
    let queued: QueuedCommand | null = null;
    for (;;) {
      try {
        const before = this.#active;
        const active = await this.#ensure(signal, command, cancelled);
        if (before === null) note(`Linux session ready (${active.info.driver}, ${active.info.isolation})`);
        if (queued === null || (await this.#queue.take(queued.id))) return active;
        throw new VerkletError('ERR_ABORTED', { what: command });
      } catch (error) {
        if (!isVerkletError(error) || error.code !== 'ERR_OFFLINE') throw error;
        if (queued === null) {
          queued = this.#queue.add({ argv, cwd, signal });
          // What is kept must be kept with the files it was asked for.
          await this.#options.saveFiles();
          note('No connection to the server. The command waits and runs when there is one; Ctrl-C cancels it.');
          this.#options.record({ atMs: Date.now(), type: 'promotion-queued', command, signal });
          this.#changed();
        }
      }
      await waitForConnection(cancelled);
      if (cancelled.aborted) {
        await this.#queue.take(queued.id);
        this.#changed();
        throw new VerkletError('ERR_ABORTED', { what: command });
      }
      if (!this.#queue.list().some(({ id }) => id === queued?.id)) throw new VerkletError('ERR_ABORTED', { what: command });
    }
  }

  async #ensure(signal: PromotionSignal, command: string, cancelled: AbortSignal): Promise<ActiveSession> {
    if (this.#active) return this.#active;
    await this.#consent(signal, command, cancelled);
    this.#starting ??= this.#open(signal, command).finally(() => (this.#starting = null));
    return this.#starting;
  }

  /** Throws `ERR_PROMOTION_DENIED`. */
  async #consent(signal: PromotionSignal, command: string, cancelled: AbortSignal): Promise<void> {
    const { policy, kernel, record } = this.#options;
    if (this.#active || this.#isAllowed || policy === 'allow') return;
    const denied = new VerkletError('ERR_PROMOTION_DENIED', { what: signal.subject });
    if (policy === 'deny') throw denied;
    const request: PromotionRequest = { id: crypto.randomUUID(), command, signal, ...(await WorkspaceSync.measure(kernel)) };
    const answered = Promise.withResolvers<boolean>();
    this.#requests.set(request.id, { request, answer: answered.resolve });
    cancelled.addEventListener('abort', () => answered.resolve(false), { once: true });
    record({ atMs: Date.now(), type: 'promotion-asked', command, signal, files: request.files, sizeBytes: request.sizeBytes });
    this.#changed();
    const isAllowed = await answered.promise;
    this.#requests.delete(request.id);
    this.#changed();
    if (!isAllowed) throw denied;
    this.#isAllowed = true;
  }

  async #open(signal: PromotionSignal, command: string): Promise<ActiveSession> {
    const { kernel, url, grant, record, projectId, runtimeId, workspaceKey } = this.#options;
    const startedAtMs = performance.now();
    record({ atMs: Date.now(), type: 'promotion-started', command, signal });
    let sentBytes = 0;
    const show = (step: Extract<PromotionState, { type: 'starting' }>['step']): void =>
      this.#setState({ type: 'starting', signal, step, sentBytes });
    try {
      show('grant');
      const client = new SessionClient(url);
      const token = await client.grant(grant, { projectId, runtimeId, workspaceKey, action: 'promote', installationId: installationId() });
      show('session');
      const info = await client.obtain(token);
      show('files');
      const agreedName = `verklet-agreed:${workspaceKey}`;
      const sync = new WorkspaceSync(kernel, client, info.id, {
        onConflict: (conflict) => {
          this.#conflicts.push(conflict);
          record({ atMs: Date.now(), type: 'file-conflicted', path: conflict.path, keptAs: conflict.keptAs });
          this.#changed();
        },
        onSkipped: (paths) => record({ atMs: Date.now(), type: 'files-skipped', paths: paths.slice(0, 20) }),
        onSent: (bytes) => {
          sentBytes = bytes;
          if (this.#state.type === 'starting') show('files');
        },
        onAgreed: (root) => localStorage.setItem(agreedName, root),
      });
      await sync.start(localStorage.getItem(agreedName), info.root, info.batch);
      const active = this.#activate(client, info, signal, sync);
      record({
        atMs: Date.now(),
        type: 'promotion-finished',
        session: info.id,
        driver: info.driver,
        isolation: info.isolation,
        sentBytes,
        durationMs: performance.now() - startedAtMs,
      });
      return active;
    } catch (error) {
      this.#setState({ type: 'idle' });
      throw error;
    }
  }

  #activate(client: SessionClient, info: SessionInfo, signal: PromotionSignal, sync: WorkspaceSync): ActiveSession {
    const active: ActiveSession = { client, info, signal, sync, stopWatching: new AbortController() };
    this.#active = active;
    this.#setState({ type: 'active', signal, session: info, link: 'connecting' });
    this.#worker.open(client.streamUrl(info.id), client.token);
    this.#place();
    this.#post({ type: 'move-running', rule: this.#options.running });
    this.#followTab(active);
    return active;
  }

  /** Pushes what changes in the tab while the session lives. */
  #followTab({ sync, stopWatching }: ActiveSession): void {
    let timer: ReturnType<typeof setTimeout> | null = null;
    void this.#options.watch(stopWatching.signal, (path) => {
      if (UNMIRRORED.test(path)) return;
      timer ??= setTimeout(() => {
        timer = null;
        if (!stopWatching.signal.aborted) sync.push().catch((error: unknown) => this.#note(error));
      }, PUSH_AFTER_MS);
    });
  }

  #linkChanged(state: LinkState): void {
    this.#options.record({ atMs: Date.now(), type: 'session-connection', state });
    if (this.#active) this.#setState({ type: 'active', signal: this.#active.signal, session: this.#active.info, link: state });
  }

  #sessionEvent(active: ActiveSession, event: SessionEvent): void {
    switch (event.type) {
      case 'root-changed':
        if (event.skipped.length > 0) this.#options.record({ atMs: Date.now(), type: 'files-skipped', paths: event.skipped.slice(0, 20) });
        active.sync.pull(event.root, event.batch).catch((error: unknown) => this.#note(error));
        return;
      case 'session-ended':
        return this.#end(active, event.reason);
      default:
        event satisfies never;
    }
  }

  /** Events may have been missed while disconnected: the session says where it is. */
  #ready(active: ActiveSession, isSame: boolean): void {
    if (!isSame) this.#options.record({ atMs: Date.now(), type: 'session-restarted', session: active.info.id });
    active.client
      .info(active.info.id)
      .then((info) => {
        active.info = { ...info };
        return info.root === null ? undefined : active.sync.pull(info.root, info.batch);
      })
      .then(() => active.sync.push())
      .catch((error: unknown) => this.#note(error));
  }

  async #prepare(active: ActiveSession, message: Extract<ToPromotion, { type: 'start-remote' }>, cancelled: AbortSignal): Promise<void> {
    const preparation = await preparationFor(this.#options.kernel, message, this.#options.prepare);
    if (preparation === null || active.info.prepared === preparation.key) return;
    const { pid } = message;
    for (const argv of preparation.commands) {
      this.#post({ type: 'remote-note', pid, text: `Preparing the session: ${argv.join(' ')}` });
      await active.sync.push();
      const code = await this.#worker.prepare(pid, argv, cancelled);
      if (code !== 0) this.#post({ type: 'remote-note', pid, text: `${argv.join(' ')} failed (${code})` });
      if (code !== 0) return;
    }
    active.info = { ...active.info, prepared: preparation.key };
    await active.client.setPrepared(active.info.id, preparation.key);
  }

  #end(active: ActiveSession, reason: string): void {
    if (this.#active !== active) return;
    this.#close(active, reason);
    this.#options.record({ atMs: Date.now(), type: 'session-ended', session: active.info.id, reason });
    this.#setState({ type: 'idle' });
    this.#place();
    void this.#check();
  }

  #close(active: ActiveSession, reason: string): void {
    this.#active = null;
    active.stopWatching.abort();
    this.#worker.close(reason);
    active.sync.close();
  }

  #showActive(active: ActiveSession): void {
    if (this.#state.type === 'active') this.#setState({ ...this.#state, session: active.info });
  }

  #note(error: unknown): void {
    // A lost connection is shown by the link's state, and everything is tried again after it.
    if (isVerkletError(error) && (error.code === 'ERR_OFFLINE' || error.code === 'ERR_NO_SUCH_SESSION')) return;
    this.#options.record({ atMs: Date.now(), type: 'error-raised', error: toErrorData(error) });
  }

  #setState(state: PromotionState): void {
    this.#state = state;
    this.#changed();
  }

  #changed(): void {
    for (const listener of [...this.#listeners]) listener();
  }

  #post(message: FromPromotion): void {
    this.#worker.tellKernel(message);
  }
}
