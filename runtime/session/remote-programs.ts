// Joins what the kernel wants of the server (programs, connections) to streams of the session's link. Session worker.
import {
  VerkletError,
  type ConnectionMessage,
  type ErrorData,
  type FromPromotion,
  type LinkEndpoint,
  type LinkStream,
  type ProcessCommand,
  type ProcessEvent,
  type RemoteProgram,
  type StreamOpening,
} from '#protocol';

export interface ProgramEvents {
  post(message: FromPromotion, transfer?: Transferable[]): void;
  /** The program ended; resolves when its file changes are in the tab. */
  settle(pid: number, batch: number): Promise<void>;
  onGap(pid: number, lostBytes: number): void;
}

interface Joined {
  readonly main: LinkStream;
  readonly errors: LinkStream | null;
  /** Input that waits for room in the stream's window. */
  readonly unread: { sizeBytes: number };
}

const NOT_FOUND = 127;
const encoder = new TextEncoder();

export class RemotePrograms {
  readonly #endpoint: LinkEndpoint;
  readonly #events: ProgramEvents;
  readonly #programs = new Map<number, Joined>();
  readonly #connections = new Map<number, LinkStream>();

  constructor(endpoint: LinkEndpoint, events: ProgramEvents) {
    this.#endpoint = endpoint;
    this.#events = events;
  }

  start({ pid, argv, cwd, env, terminal }: RemoteProgram): void {
    const errors = terminal
      ? null
      : this.#endpoint.open(
          { type: 'stderr-of', stream: this.#endpoint.nextStream + 2 } satisfies StreamOpening,
          this.#outputEvents(pid, 'stderr'),
        );
    const opening: StreamOpening = { type: 'spawn', argv, cwd, env, ...(terminal ? { terminal } : {}) };
    const unread = { sizeBytes: 0 };
    const main = this.#endpoint.open(opening, {
      ...this.#outputEvents(pid, 'stdout'),
      onMessage: (message) => void this.#event(pid, argv, message as ProcessEvent),
      onReset: () => this.#lost(pid),
      onDrain: () => {
        if (unread.sizeBytes > 0) this.#events.post({ type: 'remote-input-taken', pid, sizeBytes: unread.sizeBytes });
        unread.sizeBytes = 0;
      },
    });
    this.#programs.set(pid, { main, errors, unread });
  }

  write(pid: number, bytes: Uint8Array): void {
    const program = this.#programs.get(pid);
    if (!program) return;
    program.main.write(bytes);
    // Without room the credit waits for the next acknowledgement: the writer in the tab waits with it.
    if (program.main.canSend) this.#events.post({ type: 'remote-input-taken', pid, sizeBytes: bytes.byteLength });
    else program.unread.sizeBytes += bytes.byteLength;
  }

  endInput(pid: number): void {
    this.#programs.get(pid)?.main.end();
  }

  /** False when there is no such program. */
  command(pid: number, command: ProcessCommand): boolean {
    const program = this.#programs.get(pid);
    program?.main.message(command);
    return program !== undefined;
  }

  outputTaken(pid: number, stream: 'stdout' | 'stderr', sizeBytes: number): void {
    const program = this.#programs.get(pid);
    (stream === 'stdout' ? program?.main : program?.errors)?.taken(sizeBytes);
  }

  connect(id: number, port: number): void {
    const { post } = this.#events;
    const stream = this.#endpoint.open({ type: 'connect', port } satisfies StreamOpening, {
      onData: (bytes) => post({ type: 'connection-data', id, bytes }, [bytes.buffer]),
      onEnd: () => post({ type: 'connection-end', id }),
      onReset: () => {
        this.#connections.delete(id);
        post({ type: 'connection-closed', id });
      },
    });
    this.#connections.set(id, stream);
  }

  connection(message: ConnectionMessage): void {
    const stream = this.#connections.get(message.id);
    switch (message.type) {
      case 'connection-data':
        stream?.write(message.bytes);
        return this.#events.post({ type: 'connection-taken', id: message.id, sizeBytes: message.bytes.byteLength });
      case 'connection-taken':
        return stream?.taken(message.sizeBytes);
      case 'connection-end':
        return stream?.end();
      case 'connection-closed':
        this.#connections.delete(message.id);
        return stream?.reset();
      default:
        return message satisfies never;
    }
  }

  #outputEvents(pid: number, stream: 'stdout' | 'stderr') {
    const { post, onGap } = this.#events;
    return {
      // A message of the WebSocket is one frame: its buffer is nobody else's, and moves on as it is.
      onData: (bytes: Uint8Array<ArrayBuffer>) => post({ type: 'remote-output', pid, stream, bytes }, [bytes.buffer]),
      onGap: (lostBytes: number) => {
        onGap(pid, lostBytes);
        post({
          type: 'remote-output',
          pid,
          stream,
          bytes: encoder.encode(`\n[${lostBytes} bytes of output were lost while the connection was down]\n`),
        });
      },
    };
  }

  async #event(pid: number, argv: readonly string[], event: ProcessEvent): Promise<void> {
    const { post, settle } = this.#events;
    switch (event.type) {
      case 'started':
        return;
      case 'failed': {
        this.#programs.delete(pid);
        const isMissing = event.code === 'ENOENT';
        const text = isMissing ? `${argv[0] ?? ''}: not found\n` : `${argv[0] ?? ''}: ${event.message}\n`;
        post({ type: 'remote-output', pid, stream: 'stderr', bytes: encoder.encode(text) });
        return post({ type: 'remote-ended', pid, status: { code: isMissing ? NOT_FOUND : 126, signal: null } });
      }
      case 'exited': {
        const program = this.#programs.get(pid);
        this.#programs.delete(pid);
        program?.main.end();
        program?.errors?.end();
        await settle(pid, event.batch);
        return post({ type: 'remote-ended', pid, status: event.status });
      }
      default:
        event satisfies never;
    }
  }

  #lost(pid: number): void {
    if (!this.#programs.delete(pid)) return;
    const error: ErrorData = new VerkletError('ERR_SESSION_LOST', { reason: 'its box is gone' }).toJSON();
    this.#events.post({ type: 'remote-failed', pid, error });
  }
}
