// The hidden page that stands for a port origin inside its workspace's runtime frame: registers the preview service worker
// and hands it the kernel's port. Runs on the port origin, where user code runs too, so it is trusted with nothing else.
import { eraseHere } from './offline.ts';
import { SERVICE_WORKER_PATH, type AttachKernel, type FromBridge, type NeedPort, type OfferPort } from './shared/messages.ts';

/** A browser that keeps service workers from third parties lets the registration hang or fail; the app says so. */
const REGISTRATION_TIMEOUT_MS = 2000;

const frameOrigin = location.origin.replace(/\/\/\d+--/, '//');
const lockName = `verklet-bridge:${crypto.randomUUID()}`;

window.addEventListener('message', (event: MessageEvent<OfferPort | null>) => {
  if (event.origin !== frameOrigin || event.source !== parent) return;
  const [port] = event.ports;
  if (event.data?.type === 'offer-port' && port) void passOn(port);
});
void (location.hash === '#erase' ? erase() : start());

async function erase(): Promise<void> {
  await eraseHere();
  tellFrame({ type: 'bridge-erased' });
}

async function start(): Promise<void> {
  if (!('serviceWorker' in navigator))
    return tellFrame({ type: 'bridge-failed', reason: 'service-worker-missing', detail: 'This browser has no service workers here.' });
  navigator.serviceWorker.addEventListener('message', (event: MessageEvent<NeedPort | null>) => {
    if (event.data?.type === 'verklet-need-port') tellFrame({ type: 'need-port' });
  });
  navigator.serviceWorker.startMessages();
  const timer = setTimeout(() => refuse(`no answer within ${REGISTRATION_TIMEOUT_MS} ms`), REGISTRATION_TIMEOUT_MS);
  try {
    await holdLock();
    await navigator.serviceWorker.register(SERVICE_WORKER_PATH, { scope: '/', updateViaCache: 'none' });
    await navigator.serviceWorker.ready;
    tellFrame({ type: 'bridge-ready' });
  } catch (error) {
    refuse(String(error));
  } finally {
    clearTimeout(timer);
  }
}

/** Held until this document is gone: the service worker takes its release as proof of that. */
function holdLock(): Promise<void> {
  return new Promise((resolve, reject) => {
    navigator.locks
      .request(lockName, () => {
        resolve();
        return new Promise<never>(() => undefined);
      })
      .catch(reject);
  });
}

async function passOn(port: MessagePort): Promise<void> {
  const { active } = await navigator.serviceWorker.ready;
  active?.postMessage({ type: 'verklet-attach-kernel', lockName } satisfies AttachKernel, [port]);
}

function refuse(detail: string): void {
  tellFrame({ type: 'bridge-failed', reason: 'service-worker-refused', detail });
}

function tellFrame(message: FromBridge): void {
  parent.postMessage(message, frameOrigin);
}
