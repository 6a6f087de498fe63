// What the app shows now: the start page, a workspace being made, or one that is open.
import { signal } from '@preact/signals';
import type { Template } from '../templates/index.ts';
import { Workspace } from './workspace.ts';

export type Session =
  | { readonly state: 'start' }
  | { readonly state: 'booting'; readonly template: Template }
  | { readonly state: 'failed'; readonly template: Template; readonly reason: string }
  | { readonly state: 'open'; readonly workspace: Workspace };

export const session = signal<Session>({ state: 'start' });

export async function openTemplate(template: Template): Promise<void> {
  session.value = { state: 'booting', template };
  try {
    session.value = { state: 'open', workspace: await Workspace.open(template) };
  } catch (error) {
    session.value = { state: 'failed', template, reason: error instanceof Error ? error.message : String(error) };
  }
}

export async function closeWorkspace(): Promise<void> {
  const current = session.value;
  session.value = { state: 'start' };
  if (current.state === 'open') await current.workspace.close();
}

export function currentWorkspace(): Workspace | null {
  return session.value.state === 'open' ? session.value.workspace : null;
}
