// What the process table works with, and whom it tells. Kernel worker.
import type { Diagnostic, DisplayEvent, ExitStatus } from '#protocol';
import type { Broker } from './broker.ts';
import type { Slots } from './ipc/slots.ts';
import type { PortTable } from './port-table.ts';
import type { Process } from './process.ts';
import type { RemoteHost } from './remote/remote-host.ts';

interface ProcessEvents {
  onDiagnostic(diagnostic: Diagnostic): void;
  onExit(process: Process, status: ExitStatus): void;
  onDisplay(pid: number, event: DisplayEvent): void;
  /** A terminal's foreground group changed. */
  onForeground(terminalId: number, group: number): void;
}

export interface ProcessTableOptions {
  readonly broker: Broker;
  readonly slots: Slots;
  readonly ports: PortTable;
  readonly events: ProcessEvents;
  readonly remote: RemoteHost;
  /** Gives a child its own hold of an inherited file handle. */
  readonly transferHandle: (handle: number, from: number, to: number) => Promise<void>;
  /** Connects a process's port to the package cache; false when there is none. */
  readonly connectPackages: (port: MessagePort) => boolean;
}
