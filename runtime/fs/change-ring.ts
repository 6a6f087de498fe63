// The ring of changes that watchers read: one entry per change of a name, content or attribute, for all workers.
import type { CoreView } from './core-view.ts';
import type { FileChange } from './file-system.ts';
import { RING, RING_ENTRIES, RING_ENTRY_BYTES, RING_NEXT } from './layout.ts';

const KINDS: readonly FileChange['kind'][] = ['overflow', 'create', 'remove', 'modify', 'attribute'];
const OVERFLOW: FileChange = { kind: 'overflow', path: '/', ino: 0 };

export function changeCursor(view: CoreView): number {
  return Atomics.load(view.words, RING_NEXT >>> 2);
}

/** Changes from `cursor` up to `end`; an overflow first where the ring has gone round meanwhile. */
export function readChanges(view: CoreView, cursor: number, end: number): FileChange[] {
  const count = (end - cursor) >>> 0;
  const changes: FileChange[] = [];
  const first = count > RING_ENTRIES ? end - RING_ENTRIES : cursor;
  if (first !== cursor) changes.push(OVERFLOW);
  for (let number = first; number !== end; number = (number + 1) >>> 0) {
    const change = readEntry(view, number);
    if (change !== null) changes.push(change);
  }
  return changes;
}

function readEntry(view: CoreView, number: number): FileChange | null {
  const at = RING + (number % RING_ENTRIES) * RING_ENTRY_BYTES;
  if (view.word(at) !== number) return OVERFLOW;
  const [kind, ino, parent, parentIno, length] = [
    view.word(at + 4),
    view.word(at + 8),
    view.word(at + 12),
    view.word(at + 16),
    view.word(at + 20),
  ];
  // The folder is gone, and its memory may be another inode's: its own removal is in the ring.
  if (parent === 0 || view.inode(parent, 'ino') !== parentIno) return null;
  const folder = view.pathOf(parent);
  if (folder === null) return null;
  return { kind: KINDS[kind] ?? 'overflow', ino, path: `${folder === '/' ? '' : folder}/${view.text(at + 24, length)}` };
}

/** Resolves when the ring has moved past `cursor`, or the signal aborts. */
export async function waitForChange(view: CoreView, cursor: number, signal?: AbortSignal): Promise<void> {
  const waiting = Atomics.waitAsync(view.signed, RING_NEXT >>> 2, cursor | 0);
  if (!waiting.async || signal?.aborted === true) return;
  if (signal === undefined) {
    await waiting.value;
    return;
  }
  const aborted = Promise.withResolvers<void>();
  const abort = (): void => aborted.resolve();
  signal.addEventListener('abort', abort, { once: true });
  await Promise.race([waiting.value, aborted.promise]);
  signal.removeEventListener('abort', abort);
}
