// What a port origin shows when no service worker took the request: makes sure there is one, waits for a workspace, reloads
// when it answers, and otherwise says what to do. Runs on port origins, served for any path.
import { failureCard, PAGE_STYLE, waitingCard } from './shared/failure-page.ts';
import { SERVICE_WORKER_PATH, WORKSPACE_WAIT_MS, type FromPage, type WorkspaceAnswer } from './shared/messages.ts';

/** Reloads in a row that led here again: after these the service worker evidently does not take the request. */
const MAX_RELOADS = 3;
const IN_A_ROW_MS = 10_000;
const RELOADS_KEY = 'verklet-boot-reloads';
const RETRY_MS = 1000;

const style = document.createElement('style');
style.textContent = PAGE_STYLE;
document.head.append(style);
void connect();

async function connect(): Promise<void> {
  document.body.innerHTML = waitingCard('Looking for the workspace');
  try {
    const worker = await activeServiceWorker();
    if (await isWorkspaceOpen(worker)) return reload();
    showClosed('');
  } catch (error) {
    // Storage or service workers are refused here: blocked third-party cookies, or a private window.
    return showClosed(`This browser does not let the preview start its service worker: ${String(error)}`);
  }
  window.setTimeout(() => void waitForWorkspace(), RETRY_MS);
}

async function waitForWorkspace(): Promise<void> {
  const worker = await activeServiceWorker();
  while (!(await isWorkspaceOpen(worker))) await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
  reload();
}

async function activeServiceWorker(): Promise<ServiceWorker> {
  await navigator.serviceWorker.register(SERVICE_WORKER_PATH, { scope: '/', updateViaCache: 'none' });
  const { active } = await navigator.serviceWorker.ready;
  if (!active) throw new Error('the service worker did not become active');
  return active;
}

function isWorkspaceOpen(worker: ServiceWorker): Promise<boolean> {
  const { port1, port2 } = new MessageChannel();
  worker.postMessage({ type: 'verklet-find-workspace' } satisfies FromPage, [port2]);
  return new Promise((resolve) => {
    port1.onmessage = (event: MessageEvent<WorkspaceAnswer>) => resolve(event.data.isOpen);
    setTimeout(resolve, 2 * WORKSPACE_WAIT_MS, false);
  });
}

function reload(): void {
  const since = Date.now() - IN_A_ROW_MS;
  const recent = (sessionStorage.getItem(RELOADS_KEY) ?? '').split(' ').filter((atMs) => Number(atMs) > since);
  if (recent.length >= MAX_RELOADS) {
    return showClosed('The service worker runs, but the browser does not send this page through it. Close the tab and open it again.');
  }
  sessionStorage.setItem(RELOADS_KEY, [...recent, Date.now()].join(' '));
  location.reload();
}

function showClosed(detail: string): void {
  document.title = 'The workspace is not open';
  const appUrl = wrapperUrl();
  document.body.innerHTML = failureCard('no-workspace', {
    port: Number.parseInt(location.hostname, 10),
    detail,
    ...(appUrl === null ? {} : { appUrl }),
  });
}

/** The app's own page for this preview: in its tab the preview has a workspace even where storage is partitioned by site. */
function wrapperUrl(): string | null {
  const [, port = '', workspace = '', previewHost = ''] = /^(\d+)--([^.]+)\.(.+)$/.exec(location.host) ?? [];
  const configured = document.querySelector<HTMLMetaElement>('meta[name="verklet-app"]')?.content ?? '';
  const guessed = previewHost.startsWith('preview.') ? `${location.protocol}//${previewHost.slice('preview.'.length)}` : '';
  const app = configured === '' ? guessed : configured;
  return app === '' ? null : `${app}/preview/${workspace}/${port}`;
}
