// A preview's own service worker would take this one's place: its registration is refused with the error a browser without
// service workers gives, which libraries handle. Runs in preview pages.

const REFUSAL = 'Service workers are not available in a Verklet preview: the preview itself is served by one. The page works without it.';

export function installServiceWorkerGuard(container: ServiceWorkerContainer): void {
  const refuse = {
    register: () => Promise.reject(new DOMException(REFUSAL, 'SecurityError')),
    getRegistration: () => Promise.resolve(undefined),
    getRegistrations: () => Promise.resolve([]),
  };
  for (const [name, value] of Object.entries(refuse))
    Object.defineProperty(container, name, { value, writable: true, configurable: true, enumerable: false });
}
