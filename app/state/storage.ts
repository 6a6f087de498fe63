// What the browser keeps for the app, how much room there is, and how to take it all away.
import { signal } from '@preact/signals';
import { type StorageUsage, Workspaces } from '@verklet/sdk';
import { notify, reporting } from './notices.ts';
import { previewHost } from './preview-host.ts';
import { closeWorkspace } from './session.ts';

export const isStorageShown = signal(false);
export const storageUsage = signal<StorageUsage | null>(null);
/** Whether the browser promised not to clear the storage by itself; null while unknown. */
export const isPersisted = signal<boolean | null>(null);

/** From here on the user is warned. */
const WARN_SHARE = 0.8;

export async function refreshStorage(): Promise<void> {
  await reporting(async () => {
    storageUsage.value = await Workspaces.usage();
    isPersisted.value = (await navigator.storage?.persisted?.()) ?? false;
  });
}

export function isNearlyFull({ usedBytes, quotaBytes }: StorageUsage): boolean {
  return quotaBytes > 0 && usedBytes / quotaBytes >= WARN_SHARE;
}

/** Tells once per visit when there is little room left. */
export async function warnWhenNearlyFull(): Promise<void> {
  const usage = await Workspaces.usage();
  storageUsage.value = usage;
  if (isNearlyFull(usage))
    notify('The browser’s storage for this page is nearly full.', {
      tone: 'problem',
      action: { label: 'Show storage', run: () => void (isStorageShown.value = true) },
    });
}

export async function askToPersist(): Promise<void> {
  isPersisted.value = (await navigator.storage?.persist?.()) ?? false;
  if (!isPersisted.value)
    notify('The browser did not promise to keep the storage. It may agree once the app is installed or used more often.');
}

export async function removeUnusedPackages(): Promise<void> {
  await reporting(() => Workspaces.removeUnusedPackages());
  await refreshStorage();
}

/** Workspaces, packages, settings, service workers: nothing is left. The page starts anew. */
export async function eraseEverything(): Promise<void> {
  await closeWorkspace();
  await reporting(async () => {
    await Workspaces.eraseEverything(previewHost());
    for (const name of await caches.keys()) await caches.delete(name);
    for (const registration of await navigator.serviceWorker.getRegistrations()) await registration.unregister();
    for (const { name } of await indexedDB.databases()) if (name !== undefined) indexedDB.deleteDatabase(name);
    sessionStorage.clear();
    // Settings are written back by whatever still runs: the last thing before the page goes.
    addEventListener('pagehide', () => localStorage.clear(), { once: true });
    location.replace('/');
  });
}
