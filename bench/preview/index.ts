// Previews against a native server on loopback: one page asks both in turn. The browser runs without developer tools, which
// would slow service workers down.
import type { RequestListener } from 'node:http';
import { createRequire } from 'node:module';
import path from 'node:path';
import { runUnattended } from '../../e2e/unattended/run.ts';
import { median, percentile, row, type BenchRow } from '../rows.ts';

type Sides = Readonly<Record<'ours' | 'native', readonly number[]>>;

interface Report {
  readonly small: Sides;
  readonly mega: Sides;
  readonly events: Sides;
  /** The same request as `small`, while the embedding page's main thread is busy. */
  readonly busy: readonly number[];
}

/** See e2e/programs/idle-death.cjs. */
interface WakeReport {
  /** Four requests at once, the first after the service worker died. */
  readonly wakeMs: number;
}

const program = path.join(import.meta.dirname, 'server.cjs');
const idleProgram = path.join(import.meta.dirname, '../../e2e/programs/idle-death.cjs');
const { answer } = createRequire(import.meta.url)(program) as { answer: RequestListener };

export async function rows(): Promise<BenchRow[]> {
  const { small, mega, events, busy } = await runUnattended<Report>({ program, native: answer, timeoutMs: 120_000 });
  const { wakeMs } = await runUnattended<WakeReport>({ program: idleProgram, timeoutMs: 120_000 });
  return [
    row('preview-1kb-p50', 'ms', median(small.ours), median(small.native), { atMostRatio: 1.3 }),
    row('preview-1kb-p95', 'ms', percentile(small.ours, 0.95), null, { atMost: 10 }),
    row('preview-1kb-p95-busy-page', 'ms', percentile(busy, 0.95), null, { atMost: 10 }),
    row('preview-after-death', 'ms', wakeMs, null, { atMost: 60 }),
    row('preview-1mb-16-in-flight', 'MB/s', median(mega.ours), median(mega.native), { atLeastRatio: 0.8 }),
    row('preview-sse-first', 'ms', median(events.ours), median(events.native), { atMostRatio: 1.2 }),
  ];
}
