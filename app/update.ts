// Registers the app-shell service worker and offers updates: a new version starts only when the user says so.
import { Workbox } from 'workbox-window';
import { notify } from './state/notices.ts';

export function registerServiceWorker(): void {
  if (!('serviceWorker' in navigator) || import.meta.env.DEV) return;
  const workbox = new Workbox('/app.sw.js');
  workbox.addEventListener('waiting', () => {
    notify('A new version of Verklet is ready. Your workspace would be closed.', {
      action: { label: 'Reload now', run: () => workbox.messageSkipWaiting() },
    });
  });
  workbox.addEventListener('controlling', ({ isUpdate }) => {
    if (isUpdate === true) location.reload();
  });
  void workbox.register();
}
