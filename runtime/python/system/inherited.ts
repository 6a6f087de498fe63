// The descriptors a Python process starts with, from its spawn request. Python worker.
import type { Stdio } from '#protocol';
import type { Guest } from './guest.ts';
import type { Opened } from './opened.ts';
import { OpenedFile } from './opened-file.ts';
import { OpenedNothing, OpenedPipe } from './opened-pipe.ts';

const O_RDWR = 2;

/** Puts what the process inherited in place of the interpreter's own standard streams. */
export function openInherited(system: Guest): void {
  for (const [fd, stdio] of system.host.request.stdio.entries()) {
    system.fs.streams[fd] = null;
    system.open(openedFor(system, stdio), O_RDWR, fd);
  }
}

function openedFor(system: Guest, stdio: Stdio): Opened {
  const { host } = system;
  switch (stdio.kind) {
    case 'null':
      return new OpenedNothing();
    case 'file':
      return new OpenedFile(host.fs, stdio.handle, true);
    case 'pipe': {
      const pipe = host.openPipe(stdio.memory);
      return new OpenedPipe(stdio, stdio.direction === 'read' ? { receive: pipe, send: null } : { receive: null, send: pipe });
    }
    case 'duplex':
    case 'terminal': {
      const ends = { receive: host.openPipe(stdio.connection.receive), send: host.openPipe(stdio.connection.send) };
      return new OpenedPipe(stdio, ends, stdio.kind === 'terminal' ? host.terminalControl(stdio) : undefined);
    }
    default:
      return stdio satisfies never;
  }
}
