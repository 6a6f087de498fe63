// What the app shows now: the start page, a workspace being opened, or one that is open. The address bar says the same.
import { signal } from '@preact/signals';
import { isVerkletError, type OnConflict, Workspaces } from '@verklet/sdk';
import { type Template, templates } from '../templates/index.ts';
import { Workspace } from './workspace.ts';
import { chooseFiles, importFiles, type IncomingFile } from './import.ts';
import { disconnectFolder, offerKnownFolder } from './local-folder.ts';
import { reporting } from './notices.ts';
import { refreshWorkspaces } from './workspace-list.ts';

export type Session =
  | { readonly state: 'start' }
  | { readonly state: 'booting'; readonly title: string }
  | { readonly state: 'failed'; readonly title: string; readonly reason: string }
  /** Another tab has it. */
  | { readonly state: 'locked'; readonly key: string; readonly title: string }
  | { readonly state: 'open'; readonly workspace: Workspace };

export const session = signal<Session>({ state: 'start' });

const ROUTE = /^\/w\/([^/]+)$/;

/** Makes a new workspace from a template. */
export function openTemplate(template: Template): Promise<void> {
  return open({ key: `ws-${crypto.randomUUID()}`, name: template.title, template, title: template.title });
}

/** Makes a new workspace from files that the user chooses, or has dropped. */
export async function openImport(dropped?: readonly IncomingFile[]): Promise<void> {
  const incoming = dropped ?? (await chooseFiles('files'));
  const [first] = incoming;
  if (first === undefined) return;
  const name = (first.path.split('/')[0] ?? '').replace(/\.zip$/, '');
  await open({ key: `ws-${crypto.randomUUID()}`, name, template: null, title: name });
  const workspace = currentWorkspace();
  if (workspace !== null) await reporting(() => importFiles(workspace.runtime.fs, incoming));
}

/** Opens a stored workspace. */
export async function openStored(key: string, onConflict: OnConflict = 'lock'): Promise<void> {
  const known = (await Workspaces.list()).find((info) => info.key === key);
  if (known === undefined) {
    session.value = {
      state: 'failed',
      title: 'The workspace',
      reason: 'It is not in this browser: it was deleted, or made in another one.',
    };
    return;
  }
  const template = templates.find(({ id }) => id === known.note) ?? null;
  await open({ key, name: known.name, template, title: known.name, onConflict });
}

/** Opens what the address names: a stored workspace, a template, or the start page. */
export async function openAddress(address: URL): Promise<void> {
  const key = ROUTE.exec(address.pathname)?.[1];
  if (key !== undefined) return openStored(decodeURIComponent(key));
  const wanted = address.searchParams.get('template');
  const template = templates.find(({ id }) => id === wanted);
  if (template !== undefined) return openTemplate(template);
  await refreshWorkspaces();
}

export async function closeWorkspace(): Promise<void> {
  const current = session.value;
  session.value = { state: 'start' };
  showAddress('/');
  await disconnectFolder();
  if (current.state === 'open') await current.workspace.close();
  await refreshWorkspaces();
}

export function currentWorkspace(): Workspace | null {
  return session.value.state === 'open' ? session.value.workspace : null;
}

interface Opening {
  readonly key: string;
  readonly name: string;
  readonly template: Template | null;
  readonly title: string;
  readonly onConflict?: OnConflict;
}

async function open({ title, ...options }: Opening): Promise<void> {
  const before = currentWorkspace();
  session.value = { state: 'booting', title };
  try {
    if (before !== null) {
      await disconnectFolder();
      await before.close();
    }
    const workspace = await Workspace.open({ ...options, onHandedOver: () => void handedOver(workspace) });
    session.value = { state: 'open', workspace };
    showAddress(`/w/${encodeURIComponent(workspace.key)}`);
    void reporting(() => offerKnownFolder(workspace));
  } catch (error) {
    if (isVerkletError(error) && error.code === 'ERR_WORKSPACE_LOCKED') showLocked(options.key, title);
    else session.value = { state: 'failed', title, reason: error instanceof Error ? error.message : String(error) };
    await refreshWorkspaces();
  }
}

/** Another tab took the workspace over: nothing more may happen to it here. */
async function handedOver(workspace: Workspace): Promise<void> {
  session.value = { state: 'booting', title: workspace.name.value };
  await workspace.close();
  showLocked(workspace.key, workspace.name.value);
}

function showLocked(key: string, title: string): void {
  const locked: Session = { state: 'locked', key, title };
  session.value = locked;
  void reporting(() => continueWhenFree(key, locked));
}

/** The other tab was closed, or it crashed: this one goes on, as soon as it is looked at. */
async function continueWhenFree(key: string, locked: Session): Promise<void> {
  const waiting = new AbortController();
  const stop = session.subscribe((now) => {
    if (now !== locked) waiting.abort();
  });
  try {
    await Workspaces.whenFree(key, waiting.signal);
    await whenVisible(waiting.signal);
    await openStored(key);
  } catch (error) {
    if (!waiting.signal.aborted) throw error;
  } finally {
    stop();
  }
}

function whenVisible(signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (document.visibilityState === 'visible') return resolve();
    const look = (): void => {
      if (document.visibilityState === 'visible') resolve();
    };
    document.addEventListener('visibilitychange', look, { signal });
    signal.addEventListener('abort', () => reject(signal.reason));
  });
}

function showAddress(path: string): void {
  if (location.pathname + location.search !== path) history.replaceState(null, '', path);
}
