// Counters and gauges in Prometheus' text form. For the operator only: the machine itself, or whoever has the token.
import { timingSafeEqual } from 'node:crypto';
import type { SessionService } from './sessions/session-service.ts';

interface Metric {
  readonly name: string;
  readonly type: 'counter' | 'gauge';
  readonly help: string;
  readonly value: number;
}

export async function renderMetrics(service: SessionService): Promise<string> {
  const { live } = await service.status();
  const { counters } = service;
  const memory = process.memoryUsage();
  const metrics: Metric[] = [
    { name: 'verklet_sessions', type: 'gauge', help: 'Sessions that this server runs now.', value: live },
    { name: 'verklet_sessions_started_total', type: 'counter', help: 'Sessions started or taken over.', value: counters.sessionsStarted },
    { name: 'verklet_sessions_ended_total', type: 'counter', help: 'Sessions that ended.', value: counters.sessionsEnded },
    { name: 'verklet_uploaded_bytes_total', type: 'counter', help: 'Bytes of records that clients sent.', value: counters.uploadedBytes },
    { name: 'verklet_refusals_total', type: 'counter', help: 'Requests over a limit.', value: counters.refusals },
    { name: 'process_resident_memory_bytes', type: 'gauge', help: 'Memory of the server process.', value: memory.rss },
    { name: 'process_uptime_seconds', type: 'gauge', help: 'Seconds since the server started.', value: process.uptime() },
  ];
  return metrics.map(({ name, type, help, value }) => `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${name} ${value}\n`).join('');
}

/** Without a token only the machine itself may ask. */
export function mayReadMetrics(remoteAddress: string, authorization: string | undefined, token: string | null): boolean {
  if (token === null) return /^(?:127\.|::1$|::ffff:127\.)/.test(remoteAddress);
  const given = Buffer.from(authorization ?? '');
  const wanted = Buffer.from(`Bearer ${token}`);
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}
