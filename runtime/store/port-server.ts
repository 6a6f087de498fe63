// Answers the file service and installers over their ports. They run beside user code on another origin, so that every
// message is checked, and a port reaches one workspace and the package cache only. Runs in the store worker.
import * as v from 'valibot';
import { toErrorData, VerkletError, type ErrorData, type FromStore, type Snapshot, type ToStore, type TreeBatch } from '#protocol';
import { MAX_PACKAGE_BYTES } from './package-store.ts';
import type { SharedPackages } from './shared-packages.ts';
import type { WorkspaceSession } from './workspace-session.ts';

/** What is kept of the workspace's file system; also the only places a restore may write. */
const KEPT = /^(?:workdir|home)(?:\/|$)/;
const MAX_PATH = 4096;
const MAX_ENTRIES = 100_000;

const id = v.pipe(v.number(), v.safeInteger());
const text = v.pipe(v.string(), v.maxLength(MAX_PATH));
const path = v.pipe(text, v.check(isKeptPath, 'a path outside the kept folders'));
const mode = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(0o7777));
const mtimeMs = v.pipe(v.number(), v.finite());
const size = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const entry = v.variant('op', [
  v.object({ op: v.literal('folder'), path, mode, mtimeMs }),
  v.object({ op: v.literal('file'), path, mode, mtimeMs, sizeBytes: size }),
  v.object({ op: v.literal('symlink'), path, mtimeMs, target: text }),
  v.object({ op: v.literal('package'), path, mode, mtimeMs, integrity: v.nullable(text) }),
  v.object({ op: v.literal('remove'), path }),
]);
const bytes = v.instance(Uint8Array);
const message = v.variant('type', [
  v.object({ type: v.literal('read-workspace'), id }),
  v.object({ type: v.literal('read-snapshot'), id, snapshot: text }),
  v.object({ type: v.literal('note-changes') }),
  v.object({ type: v.literal('let-go') }),
  v.object({ type: v.literal('save-batch'), id, entries: v.pipe(v.array(entry), v.maxLength(MAX_ENTRIES)), bytes }),
  v.object({ type: v.literal('commit-save'), id, name: v.nullable(text) }),
  v.object({ type: v.literal('get-package'), id, integrity: text }),
  v.object({ type: v.literal('put-package'), id, integrity: text, bytes: v.pipe(bytes, v.maxLength(MAX_PACKAGE_BYTES)) }),
]);

export class PortServer {
  readonly #port: MessagePort;
  readonly #packages: SharedPackages;
  readonly #session: WorkspaceSession | null;
  /** Saves and reads of one port run one after the other: a commit waits for its batches. */
  #queue: Promise<void> = Promise.resolve();
  /** The save that is being received: packages it refers to, bytes it brought. */
  #underWay = { integrities: new Set<string>(), sizeBytes: 0 };
  /** The last commit failed, and was helped. */
  #hasHelped = false;
  #onLetGo: (() => void) | null = null;

  /** Answers on the port from now on; `session` null: packages only. */
  static serve(port: MessagePort, packages: SharedPackages, session: WorkspaceSession | null): PortServer {
    return new PortServer(port, packages, session);
  }

  private constructor(port: MessagePort, packages: SharedPackages, session: WorkspaceSession | null) {
    this.#port = port;
    this.#packages = packages;
    this.#session = session;
    port.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
      if (isAboutPackages(data)) void this.#receive(data);
      else this.#queue = this.#queue.then(() => this.#receive(data));
    });
    port.start();
  }

  /** Asks the file service for a last save; resolves when that is done, or time is up. */
  async handOver(timeoutMs: number): Promise<void> {
    this.#post({ type: 'hand-over' });
    const letGo = new Promise<void>((resolve) => (this.#onLetGo = resolve));
    await Promise.race([letGo, new Promise((resolve) => setTimeout(resolve, timeoutMs))]);
  }

  /** Resolves when everything received so far is done; nothing is heard afterwards. */
  async close(): Promise<void> {
    this.#port.close();
    await this.#queue;
  }

  async #receive(data: unknown): Promise<void> {
    const parsed = v.safeParse(message, data);
    const questionId = (data as { id?: unknown } | null)?.id;
    try {
      if (!parsed.success) throw new VerkletError('ERR_BAD_MESSAGE', { reason: parsed.issues[0].message });
      await this.#perform(parsed.output as ToStore);
    } catch (error) {
      if (typeof questionId === 'number') this.#post({ type: 'store-error', id: questionId, error: toErrorData(error) });
    }
  }

  async #perform(asked: ToStore): Promise<void> {
    switch (asked.type) {
      case 'get-package': {
        const found = await this.#packages.get(asked.integrity);
        return this.#post({ type: 'store-reply', id: asked.id, value: found }, found ? [found.buffer] : []);
      }
      case 'put-package':
        await this.#packages.put(asked.integrity, asked.bytes as Uint8Array<ArrayBuffer>);
        return this.#reply(asked.id, null);
      case 'note-changes':
        return this.#need().noteChanges();
      case 'save-batch':
        requireBytes(asked);
        this.#need().save(asked.entries, asked.bytes);
        this.#underWay.sizeBytes += asked.bytes.length;
        for (const one of asked.entries) if (one.op === 'package' && one.integrity !== null) this.#underWay.integrities.add(one.integrity);
        return this.#reply(asked.id, null);
      case 'let-go':
        return this.#onLetGo?.();
      case 'commit-save':
        return this.#reply(asked.id, await this.#commit(asked.name));
      case 'read-workspace':
        return this.#reply(
          asked.id,
          this.#need().readAll((batch) => this.#sendBatch(asked.id, batch)),
        );
      case 'read-snapshot':
        return this.#reply(
          asked.id,
          this.#need().readSnapshot(asked.snapshot, (batch) => this.#sendBatch(asked.id, batch)),
        );
      default:
        asked satisfies never;
    }
  }

  /** What can be helped is helped, and the save is asked for once more: its batches are gone with the failed commit. */
  async #commit(name: string | null): Promise<Snapshot | null> {
    const session = this.#need();
    const { integrities, sizeBytes } = this.#underWay;
    this.#underWay = { integrities: new Set(), sizeBytes: 0 };
    try {
      const snapshot = await this.#packages.holding(integrities, (missing) => {
        if (missing !== null) session.fail(missing);
        return session.commit(name);
      });
      this.#hasHelped = false;
      return snapshot;
    } catch (error) {
      const data = toErrorData(error);
      const isHelped = !this.#hasHelped && (await this.#help(data, sizeBytes));
      this.#hasHelped = isHelped;
      if (!isHelped) session.reportFailure(data);
      throw new VerkletError(data.code, { ...data.details, isWorthRetrying: isHelped }, { cause: error });
    }
  }

  /** Whether the same save may succeed now. */
  async #help({ code }: ErrorData, sizeBytes: number): Promise<boolean> {
    // A package went while the save was made: the next one finds it gone, and brings its files instead.
    if (code === 'ERR_INTEGRITY') return true;
    return code === 'ERR_STORAGE_FULL' && (await this.#packages.makeRoom(sizeBytes)) > 0;
  }

  #need(): WorkspaceSession {
    if (this.#session === null) throw new VerkletError('ERR_BAD_MESSAGE', { reason: 'this port reaches packages only' });
    return this.#session;
  }

  #sendBatch(questionId: number, batch: TreeBatch): void {
    this.#post({ type: 'tree-batch', id: questionId, ...batch }, [batch.bytes.buffer]);
  }

  #reply(questionId: number, value: unknown): void {
    this.#post({ type: 'store-reply', id: questionId, value });
  }

  #post(answer: FromStore, transfer: Transferable[] = []): void {
    this.#port.postMessage(answer, transfer);
  }
}

/** Archives do not wait for a save, and their order does not matter. */
function isAboutPackages(data: unknown): boolean {
  const type = (data as { type?: unknown } | null)?.type;
  return type === 'get-package' || type === 'put-package';
}

function isKeptPath(value: string): boolean {
  return KEPT.test(value) && !value.includes('\0') && !value.split('/').some((name) => name === '' || name === '.' || name === '..');
}

function requireBytes({ entries, bytes: content }: Extract<ToStore, { type: 'save-batch' }>): void {
  let sum = 0;
  for (const one of entries) if (one.op === 'file') sum += one.sizeBytes;
  if (sum !== content.length) throw new VerkletError('ERR_BAD_MESSAGE', { reason: `${content.length} bytes for ${sum} announced` });
}
