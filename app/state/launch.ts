// How the app was started: by a link, a shortcut, files of the system, or something shared with it.
import { templates } from '../templates/index.ts';
import type { IncomingFile } from './import.ts';
import { notify, reporting } from './notices.ts';
import { currentWorkspace, openAddress, openImport, openStored, openTemplate } from './session.ts';
import { refreshWorkspaces, storedWorkspaces } from './workspace-list.ts';

/** Where the service worker leaves what was shared. */
const SHARE_CACHE = 'verklet-shared';

interface LaunchParams {
  readonly files?: readonly FileSystemFileHandle[];
  readonly targetURL?: string;
}
declare global {
  interface Window {
    readonly launchQueue?: { setConsumer(consumer: (params: LaunchParams) => void): void };
  }
}

/** Opens what the address asks for, and listens for what the system hands over later. */
export async function start(): Promise<void> {
  let isFirst = true;
  const startedAt = location.href;
  window.launchQueue?.setConsumer((params) => {
    // The launch that opened this window comes along, too: its address is being opened already.
    const isOpened = isFirst && params.targetURL === startedAt;
    isFirst = false;
    void reporting(() => takeLaunch(params, isOpened));
  });
  await openTarget(new URL(startedAt));
}

async function openTarget(target: URL): Promise<void> {
  const query = target.searchParams;
  if (query.has('shared')) return openShared();
  if (query.has('continue')) return openLast();
  const link = query.get('link');
  if (link !== null) return openLink(link);
  await openAddress(target);
}

/** In an app that runs already: nothing is closed for a launch that the user has not agreed to. */
async function takeLaunch({ files = [], targetURL }: LaunchParams, isOpened: boolean): Promise<void> {
  if (files.length > 0) {
    const incoming = await Promise.all(
      files.map(async (handle): Promise<IncomingFile> => ({ path: handle.name, file: await handle.getFile() })),
    );
    const what = files.length === 1 ? (files[0]?.name ?? '') : `${files.length} files`;
    return openOrOffer(`${what} can be opened in a new workspace.`, () => openImport(incoming));
  }
  if (isOpened || targetURL === undefined) return;
  const target = new URL(targetURL);
  // The app's own address asks for nothing: the window was brought to the front, and that is all.
  if (target.origin !== location.origin || (target.pathname === '/' && target.search === '')) return;
  await openOrOffer('Something else was asked for. The workspace here is saved and closed for it.', () => openTarget(target));
}

async function openOrOffer(text: string, open: () => Promise<void>): Promise<void> {
  if (currentWorkspace() === null) await open();
  else notify(text, { action: { label: 'Open', run: () => void reporting(open) } });
}

async function openShared(): Promise<void> {
  const cache = await caches.open(SHARE_CACHE);
  const incoming: IncomingFile[] = [];
  for (const request of await cache.keys()) {
    const name = decodeURIComponent(new URL(request.url).pathname.slice('/shared/'.length));
    const response = await cache.match(request);
    if (response) incoming.push({ path: name, file: new File([await response.blob()], name) });
  }
  await caches.delete(SHARE_CACHE);
  await openImport(incoming);
}

async function openLast(): Promise<void> {
  await refreshWorkspaces();
  const [last] = storedWorkspaces.value;
  if (last !== undefined) await openStored(last.key);
}

/** `web+verklet:template/express`. Anything else shows the start page. */
async function openLink(link: string): Promise<void> {
  const [, id] = /^web\+verklet:(?:\/\/)?template\/([\w-]+)\/?$/.exec(link) ?? [];
  const template = templates.find((one) => one.id === id);
  if (template !== undefined) return openTemplate(template);
  notify(`The link ${link} does not name anything that this app can open.`, { tone: 'problem' });
  await refreshWorkspaces();
}
