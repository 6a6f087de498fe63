// The system below CPython: replaces the calls it imports by ours over shared memory. Python worker.
import type { ProcessHost } from '../../process/host.ts';
import type { EmscriptenModule, SystemCalls } from '../emscripten.ts';
import { DescriptorCalls } from './descriptor-calls.ts';
import { FileCalls } from './file-calls.ts';
import { Guest } from './guest.ts';
import { openInherited } from './inherited.ts';
import { pollCall } from './poll-call.ts';
import { SignalBuffer } from './signal-buffer.ts';
import { SocketCalls } from './socket-calls.ts';

export class SystemLayer {
  readonly guest: Guest;
  readonly descriptors: DescriptorCalls;
  readonly sockets: SocketCalls;
  readonly #files: FileCalls;

  constructor(module: EmscriptenModule, host: ProcessHost) {
    this.guest = new Guest(module, host);
    this.#files = new FileCalls(this.guest);
    this.descriptors = new DescriptorCalls(this.guest, this.#files);
    this.sockets = new SocketCalls(this.guest);
  }

  /** Whether the engine puts a waiting stack aside (JavaScript Promise Integration): then threads take turns. */
  get canSwitchStacks(): boolean {
    return 'Suspending' in WebAssembly;
  }

  replace(original: SystemCalls): SystemCalls {
    // Descriptor calls see the originals, name calls see the descriptor calls: `fstatat` of a descriptor is `fstat`.
    const descriptors = this.descriptors.replace(original);
    const below = { ...original, ...descriptors };
    return { ...descriptors, ...this.#files.replace(below), ...pollCall(this.guest), ...this.sockets.calls() };
  }

  /** The process is known: its streams, folder and signals take the place of the interpreter's. */
  start(): void {
    const { host, module } = this.guest;
    openInherited(this.guest);
    this.#files.chdir(host.request.cwd);
    module.HEAP8[module._Py_EMSCRIPTEN_SIGNAL_HANDLING] = 1;
    module.Py_EmscriptenSignalBuffer = new SignalBuffer(host.slots);
  }
}
