// What promotion takes from the page it lives in: its connection, and a name for this browser.

const RETRY_MS = 5_000;
const INSTALLATION_NAME = 'verklet-installation';

/** Resolves when it is worth trying again. */
export async function waitForConnection(cancelled: AbortSignal): Promise<void> {
  const waited = Promise.withResolvers<void>();
  const timer = setTimeout(waited.resolve, RETRY_MS);
  const wake = (): void => waited.resolve();
  addEventListener('online', wake);
  cancelled.addEventListener('abort', wake, { once: true });
  if (cancelled.aborted) wake();
  await waited.promise;
  clearTimeout(timer);
  removeEventListener('online', wake);
}

/** Stays the same for this browser and names nobody. */
export function installationId(): string {
  const known = localStorage.getItem(INSTALLATION_NAME);
  if (known !== null) return known;
  const fresh = crypto.randomUUID();
  localStorage.setItem(INSTALLATION_NAME, fresh);
  return fresh;
}
