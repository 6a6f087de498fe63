// The one object through which a page runs code: boots the hidden frame, holds files, processes, ports and previews. Page side.
import {
  PYTHON_SESSION_MODULE,
  REMOTE_PID,
  VerkletError,
  type Diagnostic,
  type Explanation,
  type FromKernel,
  type Isolation,
} from '#protocol';
import type {
  BootOptions,
  Capabilities,
  Displays,
  OutputLook,
  Preview,
  Process,
  PythonSession,
  PythonSessionOptions,
  RuntimeApi,
  ServerApi,
  SpawnOptions,
} from './api.ts';
import { WorkspaceFiles } from './files.ts';
import { connectFrame, type FrameConnection } from './frame-connection.ts';
import { KernelChannel } from './kernel-channel.ts';
import { WorkspacePorts } from './ports.ts';
import { Promotion, type QueuedCommand } from './promotion/index.ts';
import { PreviewFetcher } from './preview-fetch.ts';
import { askFrame, keepSpare } from './offline.ts';
import { updatePythonPack } from './python-pack.ts';
import { WorkspacePersistence } from './persistence.ts';
import { createOutputFrame } from './output-frame.ts';
import { RuntimeProcess } from './process.ts';
import { startPythonSession } from './python-session.ts';

const BOOT_TIMEOUT_MS = 15_000;
const MAX_DIAGNOSTICS = 1000;
const KILL_GRACE_MS = 2000;
const KEEP_OFFLINE_DELAY_MS = 1500;
/** A save of a large installation takes a while; a page that is left should not hang on it. */
const SAVE_GRACE_MS = 10_000;
const NODE_VERSION = 'v24.12.0';
// Of the pinned Pyodide.
const PYTHON_VERSION = '3.14.2';
const WORKSPACE = '/workdir';

export class Runtime implements RuntimeApi {
  readonly fs: WorkspaceFiles;
  readonly ports = new WorkspacePorts();
  readonly persistence: WorkspacePersistence;
  readonly #baseCapabilities: Omit<Capabilities, 'server' | 'host'>;
  #promotion: Promotion | null = null;
  readonly diagnostics = {
    list: (): readonly Diagnostic[] => [...this.#diagnostics],
    on: (listener: (diagnostic: Diagnostic) => void): (() => void) => {
      this.#listeners.add(listener);
      return () => void this.#listeners.delete(listener);
    },
  };
  readonly displays: Displays = {
    on: (listener) => {
      this.#displayListeners.add(listener);
      return () => void this.#displayListeners.delete(listener);
    },
  };
  readonly #kernel: KernelChannel;
  readonly #frame: HTMLIFrameElement;
  readonly #fetcher: PreviewFetcher;
  readonly #processes = new Map<number, RuntimeProcess>();
  readonly #diagnostics: Diagnostic[] = [];
  readonly #listeners = new Set<(diagnostic: Diagnostic) => void>();
  readonly #displayListeners = new Set<Parameters<Displays['on']>[0]>();
  readonly #queuedListeners = new Set<(process: Process, argv: readonly string[]) => void>();
  #disposal: Promise<void> | null = null;

  /** Starts a runtime in a hidden frame of this page. Rejects with a coded error, and then leaves nothing behind. */
  static async boot(options: BootOptions = {}): Promise<Runtime> {
    const startedAtMs = performance.now();
    const previewHost = options.previewHost ?? `preview.${location.host}`;
    if (!URL.canParse(`${location.protocol}//ws.${previewHost}`))
      throw new VerkletError('ERR_BAD_OPTION', { name: 'previewHost', reason: `${previewHost} is not a host` });
    options.signal?.throwIfAborted();
    const persistence = await WorkspacePersistence.open({
      key: options.persistenceKey,
      name: options.workspaceName,
      note: options.workspaceNote,
      onConflict: options.onConflict,
      previewHost,
    });
    const workspace = persistence.label;
    const origin = `${location.protocol}//${workspace}.${previewHost}`;
    const runtime = await Runtime.#connect(origin, options, persistence);
    try {
      await runtime.#kernel.ask({
        type: 'configure-runtime',
        env: options.env ?? {},
        registryUrl: options.registryUrl ?? `${origin}/-/registry/`,
        previewHost,
        workspace,
      });
      await runtime.#restore();
      if (options.persistenceKey !== undefined) void runtime.#keepOffline(previewHost);
      const backend = options.backend ?? 'auto';
      if (backend !== 'browser') await runtime.#openPromotion(backend, options, workspace);
    } catch (error) {
      await runtime.dispose();
      throw error;
    }
    runtime.#record({
      type: 'runtime-booted',
      atMs: Date.now(),
      host: 'browser',
      durationMs: performance.now() - startedAtMs,
      isolation: runtime.capabilities.isolation,
    });
    // The caller has the runtime first, and can show what starts.
    setTimeout(() => runtime.#promotion?.startQueue());
    return runtime;
  }

  static async #connect(
    origin: string,
    { timeoutMs = BOOT_TIMEOUT_MS, signal }: BootOptions,
    persistence: WorkspacePersistence,
  ): Promise<Runtime> {
    try {
      return new Runtime(await connectFrame({ origin, timeoutMs, ...(signal ? { signal } : {}) }), persistence);
    } catch (error) {
      await persistence.close();
      throw error;
    }
  }

  private constructor({ frame, port, isolation }: FrameConnection, persistence: WorkspacePersistence) {
    this.persistence = persistence;
    this.#frame = frame;
    this.#kernel = new KernelChannel(port);
    this.#kernel.onMessage = (message) => this.#receive(message);
    this.#kernel.onStreamError = (id, error) => void this.#fetcher.fail(id, error);
    this.#fetcher = new PreviewFetcher(this.#kernel);
    this.fs = new WorkspaceFiles(this.#kernel);
    this.#baseCapabilities = capabilitiesOf(isolation, persistence);
  }

  get capabilities(): Capabilities {
    const state = this.#promotion?.state.type ?? 'unavailable';
    return {
      ...this.#baseCapabilities,
      server: state === 'unavailable' ? 'not-configured' : 'available',
      host: state === 'active' ? 'server' : 'browser',
    };
  }

  get server(): ServerApi | null {
    return this.#promotion;
  }

  async spawn(command: string, args: readonly string[] = [], options: SpawnOptions = {}): Promise<Process> {
    options.signal?.throwIfAborted();
    const { cwd = WORKSPACE, env = {}, terminal, timeout } = options;
    const { pid } = await this.#kernel.ask<{ pid: number }>({
      type: 'spawn-process',
      command,
      args,
      options: { cwd, env, ...(terminal ? { terminal } : {}), ...(timeout === undefined ? {} : { timeoutMs: timeout }) },
    });
    const process = this.#adopt(pid);
    if (options.stdin !== undefined) void feed(process, options.stdin);
    options.signal?.addEventListener('abort', () => stop(process), { once: true });
    return process;
  }

  async startPython({ cwd = WORKSPACE, env = {} }: PythonSessionOptions = {}): Promise<PythonSession> {
    return startPythonSession(await this.spawn('python3', ['-m', PYTHON_SESSION_MODULE], { cwd, env }));
  }

  createOutputFrame(html: string, look: OutputLook = {}): HTMLIFrameElement {
    return createOutputFrame(new URL(this.#frame.src).origin, html, look);
  }

  preview(port: number): Preview {
    const open = this.ports.get(port);
    if (open === undefined) throw new VerkletError('ERR_NO_SUCH_PORT', { port });
    const { url } = open;
    return {
      url,
      port,
      createFrame: (path = '/') => {
        const frame = document.createElement('iframe');
        frame.src = new URL(path, url).href;
        frame.title = `Preview of port ${port}`;
        frame.setAttribute('sandbox', 'allow-scripts allow-same-origin allow-forms allow-modals allow-popups allow-downloads');
        frame.allow = 'cross-origin-isolated; clipboard-write';
        return frame;
      },
    };
  }

  fetchPreview(port: number, input: string, init: RequestInit = {}): Promise<Response> {
    if (this.#disposal !== null) return Promise.reject(new VerkletError('ERR_DISPOSED'));
    return this.#fetcher.fetch(port, input, init);
  }

  explain(command: string): Promise<Explanation> {
    const [name = '', ...args] = command.trim().split(/\s+/);
    return this.#kernel.ask({ type: 'explain-command', command: name, args, cwd: WORKSPACE });
  }

  /** Ends every process and removes the frame; further calls reject with `ERR_DISPOSED`. Safe to call twice. */
  dispose(): Promise<void> {
    return (this.#disposal ??= this.#dispose());
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }

  async #openPromotion(backend: 'auto' | 'server', options: BootOptions, workspace: string): Promise<void> {
    const { server = {}, projectId = 'default', persistenceKey } = options;
    this.#promotion = await Promotion.open({
      kernel: this.#kernel,
      backend,
      url: server.url ?? location.origin,
      grant: server.grant,
      prepare: server.prepare,
      policy: server.onPromote ?? 'allow',
      running: server.running ?? 'continue',
      projectId,
      runtimeId: workspace,
      workspaceKey: persistenceKey ?? workspace,
      watch: (signal, listener) => this.fs.watch(WORKSPACE, { recursive: true, signal }, ({ path }) => listener(path)),
      record: (diagnostic) => this.#record(diagnostic),
      urlOfRemotePort: (port) => {
        const open = this.ports.get(port);
        return open?.pid === REMOTE_PID ? open.url : undefined;
      },
      saveFiles: async () => {
        // A failed save was told as an event.
        if (this.persistence.state !== 'off') await this.persistence.save().catch(() => undefined);
      },
      startQueued: (command) => void this.#startQueued(command),
    });
  }

  /** A command that waited for a connection since before this page runs on a terminal of its own, if somebody shows one. */
  async #startQueued({ argv, cwd }: QueuedCommand): Promise<void> {
    const [command = '', ...args] = argv;
    const process = await this.spawn(command, args, { cwd, terminal: { columns: 80, rows: 24 } });
    for (const listener of this.#queuedListeners) return listener(process, argv);
    void process.output.pipeTo(new WritableStream());
  }

  /** Called with the process of each command that waited for a connection since before this page; the caller shows it. */
  onQueuedCommand(listener: (process: Process, argv: readonly string[]) => void): () => void {
    this.#queuedListeners.add(listener);
    return () => void this.#queuedListeners.delete(listener);
  }

  /** Brings the stored files back, and says what came back and what did not. */
  async #restore(): Promise<void> {
    const startedAtMs = performance.now();
    const restored = await this.persistence.attach(this.#kernel);
    if (restored === null || this.persistence.isNew) return;
    const { files, sizeBytes, isRecovered, missingPackages, unwritten } = restored;
    const durationMs = performance.now() - startedAtMs;
    this.#record({
      type: 'workspace-restored',
      atMs: Date.now(),
      files,
      sizeBytes,
      durationMs,
      isRecovered,
      missing: [...missingPackages, ...unwritten],
    });
  }

  /** After the start, which comes first: lets the workspace open without a network, and the next new one, too. */
  async #keepOffline(previewHost: string): Promise<void> {
    await afterMs(KEEP_OFFLINE_DELAY_MS);
    if (this.#disposal !== null || !navigator.onLine) return;
    try {
      await askFrame(this.#frame, 'keep-offline');
      this.#record({ type: 'offline-ready', atMs: Date.now() });
      if (this.#disposal === null) await keepSpare(previewHost);
      if (this.#disposal === null) await updatePythonPack(previewHost);
    } catch (error) {
      if (this.#disposal === null)
        this.#record({ type: 'offline-unavailable', atMs: Date.now(), reason: error instanceof Error ? error.message : String(error) });
    }
  }

  async #dispose(): Promise<void> {
    this.#promotion?.dispose();
    // A failed save was told as an event; the runtime goes all the same.
    if (this.persistence.state !== 'off') await Promise.race([this.persistence.save().catch(() => undefined), afterMs(SAVE_GRACE_MS)]);
    // A frame that is gone already cannot answer: its removal must not hang.
    await Promise.race([this.#kernel.ask({ type: 'dispose-runtime' }), afterMs(KILL_GRACE_MS)]);
    this.#kernel.close();
    this.#fetcher.dispose();
    for (const process of this.#processes.values()) process.fail(new VerkletError('ERR_DISPOSED'));
    this.#processes.clear();
    this.#frame.remove();
    await this.persistence.close();
  }

  /** Output may come before the reply that names the pid: whoever is first makes the process. */
  #adopt(pid: number): RuntimeProcess {
    const known = this.#processes.get(pid);
    if (known !== undefined) return known;
    const process = new RuntimeProcess(pid, this.#kernel);
    this.#processes.set(pid, process);
    return process;
  }

  #receive(message: Exclude<FromKernel, { type: 'reply' | 'reply-error' }>): void {
    switch (message.type) {
      case 'process-output':
        return this.#adopt(message.pid).deliver(message.stream, message.bytes);
      case 'stdin-drained':
        return this.#processes.get(message.pid)?.drained(message.sizeBytes);
      case 'process-ended':
        return this.#ended(message);
      case 'process-displayed':
        for (const listener of [...this.#displayListeners]) listener({ ...message.event, pid: message.pid });
        return;
      case 'port-opened':
        return this.ports.opened({ port: message.port, pid: message.pid, url: message.url });
      case 'port-closed':
        return this.ports.closed(message.port);
      case 'fetch-head':
      case 'fetch-chunk':
      case 'fetch-end':
        return this.#fetcher.deliver(message);
      case 'files-changed':
        return this.fs.deliverChange(message.watchId, { event: message.event, path: message.path });
      case 'report-diagnostic':
        return this.#record(message.diagnostic);
      default:
        return message satisfies never;
    }
  }

  #ended({ pid, status }: Extract<FromKernel, { type: 'process-ended' }>): void {
    this.#adopt(pid).end(status);
    // The reply with the pid is older than this message, but its reader may not have run yet.
    setTimeout(() => this.#processes.delete(pid));
  }

  #record(diagnostic: Diagnostic): void {
    this.#diagnostics.push(diagnostic);
    if (this.#diagnostics.length > MAX_DIAGNOSTICS) this.#diagnostics.shift();
    for (const listener of [...this.#listeners]) listener(diagnostic);
  }
}

function capabilitiesOf(isolation: Isolation, { tier }: WorkspacePersistence): Omit<Capabilities, 'server' | 'host'> {
  const serviceWorker = 'serviceWorker' in navigator;
  return {
    isolation,
    opfs: typeof navigator.storage?.getDirectory === 'function',
    persistence: tier,
    serviceWorker,
    previewTransport: serviceWorker ? 'service-worker' : 'none',
    node: NODE_VERSION,
    python: PYTHON_VERSION,
  };
}

async function feed(process: RuntimeProcess, stdin: string | Uint8Array | ReadableStream<Uint8Array>): Promise<void> {
  const source = typeof stdin === 'string' ? new TextEncoder().encode(stdin) : stdin;
  if (source instanceof ReadableStream) return source.pipeTo(process.input);
  const writer = process.input.getWriter();
  if (source.byteLength > 0) await writer.write(source);
  await writer.close();
}

function afterMs(durationMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, durationMs));
}

function stop(process: RuntimeProcess): void {
  process.kill('SIGTERM');
  setTimeout(() => process.kill('SIGKILL'), KILL_GRACE_MS);
}
