// Who holds a lease: a process of a host. Another server on the same host need not wait for the lease of a dead one.
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';

/** This process, distinct from an earlier one with the same number. */
export function ownHolder(): string {
  return `${hostname()}/${process.pid}/${startTimeOf(process.pid) ?? Date.now()}`;
}

/** True only when the holder was of this host and its process is certainly gone. */
export function isKnownDead(holder: string): boolean {
  const [host, pid, startTime] = holder.split('/');
  return process.platform === 'linux' && host === hostname() && startTimeOf(Number(pid)) !== startTime;
}

function startTimeOf(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null;
  } catch {
    return null; // there is no such process, or no /proc
  }
}
