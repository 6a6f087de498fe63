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

/** Opens what the address asks for, and listens for files that the system hands over. */
export async function start(): Promise<void> {
  window.launchQueue?.setConsumer((params) => void reporting(() => takeLaunch(params)));
  const query = new URLSearchParams(location.search);
  if (query.has('shared')) return openShared();
  if (query.has('continue')) return openLast();
  const link = query.get('link');
  if (link !== null) return openLink(link);
  await openAddress();
}

/** In an app that runs already, files make a new workspace only when none is open: nothing is closed for them. */
async function takeLaunch({ files = [] }: LaunchParams): Promise<void> {
  if (files.length === 0) return;
  const incoming = await Promise.all(
    files.map(async (handle): Promise<IncomingFile> => ({ path: handle.name, file: await handle.getFile() })),
  );
  if (currentWorkspace() === null) await openImport(incoming);
  else
    notify(`${files.length === 1 ? (files[0]?.name ?? '') : `${files.length} files`} can be opened in a new workspace.`, {
      action: { label: 'Open', run: () => void reporting(() => openImport(incoming)) },
    });
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
