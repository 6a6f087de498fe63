// Registers the app-shell service worker and offers updates: a new version starts only where the user says so.
import { Workbox } from 'workbox-window';
import { notify, reporting } from './state/notices.ts';
import { currentWorkspace } from './state/session.ts';

export function registerServiceWorker(): void {
  if (!('serviceWorker' in navigator) || import.meta.env.DEV) return;
  const workbox = new Workbox('/app.sw.js');
  let isAsked = false;
  workbox.addEventListener('waiting', () => {
    notify('A new version of Verklet is ready. Files are saved first; running programs end.', {
      action: {
        label: 'Reload now',
        run: () =>
          void reporting(async () => {
            await saveEverything();
            isAsked = true;
            workbox.messageSkipWaiting();
          }),
      },
    });
  });
  workbox.addEventListener('controlling', ({ isUpdate }) => {
    if (isUpdate !== true) return;
    if (isAsked) return location.reload();
    // Another tab updated: what runs here goes on, and reloads when its user says so.
    notify('Verklet was updated in another tab. This one goes on with the old version until it is reloaded.', {
      action: { label: 'Reload', run: () => void reporting(async () => (await saveEverything(), location.reload())) },
    });
  });
  void workbox.register();
  // A version that was kept for tabs like this one, and then replaced once more.
  addEventListener('vite:preloadError', () =>
    notify('A part of this version of Verklet is not there any more. Files are saved before the reload.', {
      tone: 'problem',
      action: { label: 'Reload', run: () => void reporting(async () => (await saveEverything(), location.reload())) },
    }),
  );
}

/** Rejects when something cannot be saved: then nothing is reloaded. */
async function saveEverything(): Promise<void> {
  const workspace = currentWorkspace();
  if (workspace === null) return;
  await workspace.files.saveAll();
  await workspace.runtime.persistence.save();
}
