// The `spawn_sync` binding: runs a child to its end while this worker blocks on its doorbell. Runs in the process worker.
import { performance } from '../../process/intrinsics.ts';
import type { ExitStatus } from '#protocol';
import type { StreamEnds } from '../descriptors.ts';
import type { BindingFactory, Realm } from '../realm.ts';
import { ChildStdio, releaseEnds } from './process-wrap/child-stdio.ts';
import { childrenOf } from './process-wrap/children.ts';
import { launch, prepareStdio, type SpawnOptions } from './process-wrap/launch.ts';
import { EAGAIN, ENOBUFS, EPIPE, ETIMEDOUT } from './stream-base/errno.ts';
import { bufferOf, concatBytes, plainBytes } from './stream-base/text.ts';

const CHUNK_BYTES = 64 * 1024;
const SIGTERM = 15;
/** A lost wake-up would hang the worker for ever: look again now and then. */
const LOOK_AGAIN_MS = 1000;
const NO_INPUT = new Uint8Array(0);

/** One pipe to the child: feeds its input, collects its output. */
class Transfer {
  readonly #ends: StreamEnds;
  readonly #maxBytes: number;
  readonly #chunks: Uint8Array[] = [];
  #rest: Uint8Array | null;
  #size = 0;
  #isOpen = true;

  constructor(ends: StreamEnds, input: Uint8Array, maxBytes: number) {
    this.#ends = ends;
    this.#rest = input;
    this.#maxBytes = maxBytes;
    ends.receive?.watch('read', true);
    ends.send?.watch('write', true);
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  get isOverLimit(): boolean {
    return this.#size > this.#maxBytes;
  }

  get output(): Uint8Array {
    return concatBytes(this.#chunks);
  }

  /** Moves what can be moved now. */
  pump(): void {
    this.#feed();
    const { receive } = this.#ends;
    if (receive === null) return;
    while (this.#isOpen) {
      const chunk = new Uint8Array(Math.min(Math.max(receive.readableBytes, 1), CHUNK_BYTES));
      const count = receive.read(chunk);
      if (count === EAGAIN) return;
      if (count <= 0) this.#isOpen = false;
      else this.#chunks.push(chunk.subarray(0, count));
      this.#size += Math.max(0, count);
    }
  }

  close(): void {
    this.#isOpen = false;
    this.#ends.receive?.watch('read', false);
    this.#ends.send?.watch('write', false);
    releaseEnds({ receive: this.#ends.receive, send: this.#rest === null ? null : this.#ends.send });
  }

  #feed(): void {
    const { send } = this.#ends;
    if (send === null) return;
    while (this.#rest !== null) {
      const count = this.#rest.length === 0 ? 0 : send.write(this.#rest);
      if (count === EAGAIN) return;
      this.#rest = count === EPIPE ? NO_INPUT : this.#rest.subarray(count);
      if (this.#rest.length > 0) continue;
      // The end of the input: the child reads end of file.
      send.watch('write', false);
      send.release('write');
      this.#rest = null;
    }
  }
}

interface SyncResult {
  pid: number;
  status: number | null;
  signal: string | null;
  output: unknown[] | null;
  error?: number;
}

class SyncSpawn {
  readonly #realm: Realm;
  readonly #options: SpawnOptions;
  readonly #stdio: ChildStdio;
  readonly #transfers = new Map<number, Transfer>();
  #error = 0;

  constructor(realm: Realm, options: SpawnOptions) {
    this.#realm = realm;
    this.#options = options;
    this.#stdio = new ChildStdio(realm);
  }

  run(): SyncResult {
    const wanted = this.#options.stdio ?? [];
    const prepared = prepareStdio(this.#stdio, wanted);
    // One more connection than asked for: its end of file is the child's end, whatever else it inherited.
    if (prepared === 0) this.#stdio.addPipe();
    const pid = prepared < 0 ? prepared : launch(this.#realm, this.#options, this.#stdio);
    if (pid < 0) this.#stdio.abandon();
    if (pid < 0) return { pid: 0, status: null, signal: null, output: null, error: pid };
    for (const [index, ends] of this.#stdio.ours) this.#transfers.set(index, this.#transfer(index, ends));
    this.#pumpUntilEnd(pid);
    const status = this.#realm.host.callSync<ExitStatus>({ type: 'wait', pid });
    childrenOf(this.#realm).forget(pid);
    for (const transfer of this.#transfers.values()) transfer.close();
    return this.#result(pid, status);
  }

  #transfer(index: number, ends: StreamEnds): Transfer {
    const option = this.#options.stdio?.[index];
    const { maxBuffer } = this.#options;
    const limit = maxBuffer !== undefined && maxBuffer > 0 && index > 0 ? maxBuffer : Infinity;
    return new Transfer(ends, option?.input === undefined ? NO_INPUT : plainBytes(option.input), limit);
  }

  #pumpUntilEnd(pid: number): void {
    const { slots } = this.#realm.host;
    const { timeout = 0 } = this.#options;
    const deadline = timeout > 0 ? performance.now() + timeout : Infinity;
    while (!slots.isDead()) {
      const seen = slots.doorbell();
      for (const transfer of this.#transfers.values()) transfer.pump();
      if ([...this.#transfers.values()].every((transfer) => !transfer.isOpen)) return;
      if (this.#isOverLimit()) this.#stop(pid, ENOBUFS);
      if (performance.now() >= deadline) this.#stop(pid, ETIMEDOUT);
      if (this.#error !== 0 && this.#hasEnded()) return;
      slots.wait(seen, this.#error === 0 ? Math.min(LOOK_AGAIN_MS, Math.max(1, deadline - performance.now())) : LOOK_AGAIN_MS);
    }
  }

  /** The child itself is gone; what still holds its pipes are its own children, which a kill does not wait for. */
  #hasEnded(): boolean {
    return this.#transfers.get(this.#stdio.list.length - 1)?.isOpen === false;
  }

  #isOverLimit(): boolean {
    return [...this.#transfers.values()].some((transfer) => transfer.isOverLimit);
  }

  #stop(pid: number, error: number): void {
    if (this.#error !== 0) return;
    this.#error = error;
    this.#realm.host.callSync({ type: 'kill', pid, signal: this.#options.killSignal || SIGTERM });
  }

  #result(pid: number, status: ExitStatus): SyncResult {
    const Buffer = bufferOf(this.#realm);
    const output = (this.#options.stdio ?? []).map((option, index) => {
      const isOutput = option.type === 'pipe' && index > 0;
      return isOutput ? (Buffer['from'](this.#transfers.get(index)?.output ?? NO_INPUT) as unknown) : null;
    });
    return { pid, status: status.code, signal: status.signal, output, ...(this.#error !== 0 && { error: this.#error }) };
  }
}

export const spawnSync: BindingFactory = (realm, binding) => {
  binding['spawn'] = (options: SpawnOptions): SyncResult => new SyncSpawn(realm, options).run();
};
