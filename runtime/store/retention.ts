// Which snapshots are kept: all named ones, and automatic ones ever more thinly the older they are. Pure.
import type { Snapshot } from '#protocol';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Up to this age one automatic snapshot per slot is kept; older ones go. */
const STEPS = [
  { upToMs: 10 * MINUTE, slotMs: 0 },
  { upToMs: 2 * HOUR, slotMs: MINUTE },
  { upToMs: 2 * DAY, slotMs: HOUR },
  { upToMs: 60 * DAY, slotMs: DAY },
] as const;

/** `snapshots` and the answer are newest first; the newest is always kept. */
export function retained(snapshots: readonly Snapshot[], nowMs: number): Snapshot[] {
  const taken = new Set<string>();
  return snapshots.filter((snapshot, index) => {
    if (index === 0 || snapshot.name !== null) return true;
    const age = nowMs - snapshot.atMs;
    const step = STEPS.find(({ upToMs }) => age <= upToMs);
    if (step === undefined) return false;
    if (step.slotMs === 0) return true;
    const slot = `${step.slotMs}:${Math.floor(snapshot.atMs / step.slotMs)}`;
    if (taken.has(slot)) return false;
    taken.add(slot);
    return true;
  });
}
