// One process as the kernel keeps it, and what follows from its request. Kernel worker.
import type { ChildChange, ExitStatus, PipeMemory, SpawnRequest, Stdio } from '#protocol';
import { PYTHON_NAMES } from '../shell/program-names.ts';
import type { BrokeredWorker, WorkerKind } from './broker.ts';
import { KERNEL_SLOT } from './ipc/slots.ts';
import type { RemoteProcess } from './remote/remote-process.ts';

export interface Process {
  readonly pid: number;
  ppid: number;
  group: number;
  readonly request: SpawnRequest;
  /** Null when the program runs on the server. */
  worker: BrokeredWorker | null;
  remote: RemoteProcess | null;
  readonly startedAtMs: number;
  readonly pipes: PipeMemory[];
  /** Exits of children that nobody asked for yet. */
  readonly ended: Map<number, ExitStatus>;
  readonly waits: { readonly pid: number; readonly isUntraced: boolean; reply(status: ChildChange): void }[];
  /** The child that goes on in its place. */
  successor: number | null;
  /** The signal that stopped it, until its parent was told. */
  unreportedStop: string | null;
  status: ExitStatus | null;
}

/** The slot that holds a process's ends of pipes; the kernel's where its program is on the server. */
export function slotOf(process: Process): number {
  return process.worker?.slot ?? KERNEL_SLOT;
}

export function fileHandles({ stdio }: SpawnRequest): number[] {
  return stdio.flatMap((entry) => (entry.kind === 'file' ? [entry.handle] : []));
}

export function kindOf(program: string): WorkerKind {
  if (program === 'node') return 'node';
  return (PYTHON_NAMES as readonly string[]).includes(program) ? 'python' : 'tools';
}

export function pipeEnds(stdio: Stdio): { memory: PipeMemory; end: 'read' | 'write' }[] {
  switch (stdio.kind) {
    case 'pipe':
      return [{ memory: stdio.memory, end: stdio.direction }];
    case 'duplex':
    case 'terminal':
      return [
        { memory: stdio.connection.receive, end: 'read' },
        { memory: stdio.connection.send, end: 'write' },
      ];
    case 'null':
    case 'file':
      return [];
    default:
      return stdio satisfies never;
  }
}
