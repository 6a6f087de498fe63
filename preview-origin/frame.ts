// The runtime frame: a hidden page on the workspace origin. Checks who embeds it, starts the kernel worker, hands the
// control port over, and owns the bridges of opened ports. User-controlled origin, so it trusts its parent by list only.
import { PROTOCOL_VERSION, VerkletError, type ErrorData, type FromFrame, type Isolation, type ToFrame } from '#protocol';
import type { FromKernelWorker, ToKernelWorker } from '../runtime/kernel/kernel-worker-messages.ts';
import { allowedParents } from './allowed-parents.ts';
import { BridgeHost } from './bridge-host.ts';
import { eraseOrigin, keepPorts, keepRuntime } from './offline.ts';
import { servePack } from './pack-reader.ts';

const parents = allowedParents(document);
let bridges: BridgeHost | null = null;
let kernel: Worker | null = null;

addEventListener('message', (event: MessageEvent<unknown>) => {
  if (event.source !== parent || !parents.has(event.origin)) return;
  if (isAboutOrigin(event.data)) return void serveOrigin(event.data, event);
  if (!isConnect(event.data)) return;
  const [port] = event.ports;
  if (!port || kernel) return;
  if (event.data.protocolVersion !== PROTOCOL_VERSION) {
    const error = new VerkletError('ERR_PROTOCOL_VERSION', { ours: PROTOCOL_VERSION, theirs: String(event.data.protocolVersion) });
    tell({ type: 'frame-failed', error: error.toJSON() }, event.origin);
    return;
  }
  startKernel(port);
});

announce();

function announce(): void {
  // Only an allowed parent can be a target: a message for any other origin is dropped by the browser.
  const message: FromFrame = crossOriginIsolated
    ? { type: 'frame-ready', protocolVersion: PROTOCOL_VERSION, isolation: isolation() }
    : { type: 'frame-failed', error: notIsolated() };
  for (const origin of parents) tell(message, origin);
}

function startKernel(port: MessagePort): void {
  const worker = new Worker(new URL('../runtime/kernel/kernel.worker.ts', import.meta.url), { type: 'module', name: 'kernel' });
  kernel = worker;
  bridges = new BridgeHost(document, worker);
  worker.addEventListener('message', ({ data }: MessageEvent<FromKernelWorker>) => {
    switch (data.type) {
      case 'port-opened':
        bridges?.openPort(data.port);
        return;
      case 'port-closed':
        bridges?.closePort(data.port);
        return;
      case 'kernel-disposed':
        bridges?.dispose();
        return;
      default:
        data satisfies never;
    }
  });
  const start: ToKernelWorker = { type: 'start-kernel', port };
  worker.postMessage(start, [port]);
}

async function serveOrigin({ type, ports }: ToFrame, { origin: to, ports: [port] }: MessageEvent): Promise<void> {
  try {
    if (type === 'read-pack') return port && servePack(port);
    if (type === 'erase-origin') {
      await eraseOrigin(document, ports);
      return tell({ type: 'origin-erased' }, to);
    }
    await keepRuntime();
    await keepPorts(document, ports);
    tell({ type: 'offline-ready' }, to);
  } catch (error) {
    tell({ type: 'offline-failed', reason: String(error) }, to);
  }
}

/** A frame that is isolated without the permission of its embedder owes it to Document-Isolation-Policy. */
function isolation(): Isolation {
  if (!crossOriginIsolated) return 'none';
  const policy = (document as { permissionsPolicy?: { allowsFeature(name: string): boolean } }).permissionsPolicy;
  return policy?.allowsFeature('cross-origin-isolated') === false ? 'dip' : 'coop-coep';
}

function notIsolated(): ErrorData {
  return new VerkletError('ERR_NOT_ISOLATED').toJSON();
}

function tell(message: FromFrame, origin: string): void {
  parent.postMessage(message, origin);
}

function isConnect(data: unknown): data is { type: 'connect-runtime'; protocolVersion: unknown } {
  return typeof data === 'object' && data !== null && (data as { type?: unknown }).type === 'connect-runtime';
}

function isAboutOrigin(data: unknown): data is ToFrame {
  const type = (data as { type?: unknown } | null)?.type;
  return (type === 'keep-offline' || type === 'erase-origin' || type === 'read-pack') && Array.isArray((data as { ports?: unknown }).ports);
}
