// The workspaces this browser keeps, as the start page lists them.
import { computed, signal } from '@preact/signals';
import { type WorkspaceInfo, Workspaces } from '@verklet/sdk';
import { notify, reporting } from './notices.ts';

const all = signal<readonly WorkspaceInfo[]>([]);

/** The last used first. */
export const storedWorkspaces = computed(() => all.value.filter(({ isDeleted }) => !isDeleted));

export async function refreshWorkspaces(): Promise<void> {
  await reporting(async () => {
    all.value = await Workspaces.list();
  });
}

export function renameWorkspace(key: string, name: string): Promise<void> {
  return changing(() => Workspaces.rename(key, name));
}

export function duplicateWorkspace({ key, name }: WorkspaceInfo): Promise<void> {
  return changing(() => Workspaces.duplicate(key, `${name} (copy)`));
}

export function deleteWorkspace({ key, name }: WorkspaceInfo): Promise<void> {
  return changing(async () => {
    await Workspaces.remove(key);
    notify(`${name} was deleted.`, { action: { label: 'Undo', run: () => void changing(() => Workspaces.undoRemove(key)) } });
  });
}

async function changing(work: () => Promise<unknown>): Promise<void> {
  await reporting(work);
  await refreshWorkspaces();
}

export function sizeText(sizeBytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB'];
  let value = sizeBytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${value >= 100 || unit === 0 ? Math.round(value) : value.toFixed(1)} ${units[unit] ?? ''}`;
}

const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });

export function agoText(atMs: number, nowMs: number = Date.now()): string {
  const minutes = Math.round((nowMs - atMs) / 60_000);
  if (minutes < 1) return 'just now';
  if (minutes < 60) return relative.format(-minutes, 'minute');
  if (minutes < 48 * 60) return relative.format(-Math.round(minutes / 60), 'hour');
  return relative.format(-Math.round(minutes / 1440), 'day');
}
