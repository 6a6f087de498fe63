// The server session as the app shows it, and the user's choices about it. Choices are this browser's.
import { signal } from '@preact/signals';
import type { Conflict, PromotionPolicy, PromotionRequest, PromotionState, QueuedCommand, Runtime } from '@verklet/sdk';
import { notify } from './notices.ts';

const POLICY_KEY = 'verklet.promotion';
const URL_KEY = 'verklet.server';

export const isSessionPanelShown = signal(false);

/** What happens when a command needs the server. `ask` until the user says otherwise. */
export const promotionPolicy = signal<PromotionPolicy>(readPolicy());
/** Origin of the server; empty: the one this page comes from. */
export const serverUrl = signal(read(URL_KEY));

export function choosePolicy(policy: PromotionPolicy): void {
  promotionPolicy.value = policy;
  write(POLICY_KEY, policy);
}

/** Says why a text is no server; null when it is taken. Counts for workspaces that open from now on. */
export function chooseServer(url: string): string | null {
  if (url !== '' && !/^https?:$/.test(URL.parse(url)?.protocol ?? '')) return 'This is not an address like https://code.example.com.';
  serverUrl.value = url === '' ? '' : new URL(url).origin;
  write(URL_KEY, serverUrl.value);
  return null;
}

/** Follows one runtime's session. */
export class ServerSession {
  readonly state = signal<PromotionState>({ type: 'unavailable', reason: 'the server was not asked yet' });
  readonly requests = signal<readonly PromotionRequest[]>([]);
  readonly queue = signal<readonly QueuedCommand[]>([]);
  readonly conflicts = signal<readonly Conflict[]>([]);
  readonly #runtime: Runtime;

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
    runtime.server?.on(() => this.#update());
    this.#update();
  }

  /** `remember`: the answer is this browser's from now on. */
  answer(request: string, decision: 'allow' | 'deny', mustRemember: boolean): void {
    if (mustRemember) choosePolicy(decision);
    this.#runtime.server?.answer(request, decision);
  }

  promote(): Promise<void> {
    return this.#runtime.server?.promote() ?? Promise.resolve();
  }

  async demote(): Promise<void> {
    await this.#runtime.server?.demote();
    notify('All files are back in this browser; the server session is over.');
  }

  extend(): Promise<void> {
    return this.#runtime.server?.extend() ?? Promise.resolve();
  }

  /** Puts an address into the clipboard that shows the port elsewhere. */
  async copyLink(port: number): Promise<void> {
    const link = await this.#runtime.server?.previewLink(port);
    if (link === undefined) return;
    await navigator.clipboard.writeText(link);
    notify('Copied. The link works once, within five minutes, on any device.');
  }

  cancelQueued(id: string): Promise<void> {
    return this.#runtime.server?.cancelQueued(id) ?? Promise.resolve();
  }

  /** Ends a conflict: the tab's version stays, or the server's takes its place. Both existed until now. */
  async resolve({ path, keptAs }: Conflict, winner: 'tab' | 'server' | 'both'): Promise<void> {
    const { fs } = this.#runtime;
    if (winner === 'server') {
      if (keptAs === null) await fs.rm(path, { force: true });
      else await fs.rename(keptAs, path);
    } else if (winner === 'tab' && keptAs !== null) await fs.rm(keptAs, { force: true });
    this.#runtime.server?.dismissConflict(path);
  }

  #update(): void {
    const { server } = this.#runtime;
    if (server === null) return;
    const known = this.conflicts.value.length;
    this.state.value = server.state;
    this.requests.value = server.requests;
    this.queue.value = server.queue;
    this.conflicts.value = [...server.conflicts];
    if (server.conflicts.length > known) notify('A file was changed here and on the server. Both versions are kept.', { tone: 'problem' });
  }
}

function readPolicy(): PromotionPolicy {
  const value = read(POLICY_KEY);
  return value === 'allow' || value === 'deny' ? value : 'ask';
}

function read(key: string): string {
  try {
    return localStorage.getItem(key) ?? '';
  } catch {
    return ''; // storage is blocked: the defaults hold
  }
}

function write(key: string, value: string): void {
  try {
    localStorage.setItem(key, value);
  } catch {
    // storage is blocked: the choice holds for this visit
  }
}
