// Short messages to the user, announced by screen readers.
import { signal } from '@preact/signals';
import { isVerkletError } from '@verklet/sdk';

export interface Notice {
  readonly id: number;
  readonly text: string;
  readonly tone: 'info' | 'problem';
  readonly action?: { readonly label: string; run(): void };
}

const SHOWN_MS = 8000;

export const notices = signal<readonly Notice[]>([]);
let lastId = 0;

/** Shows a notice; one with an action stays until it is dismissed. */
export function notify(text: string, options: { readonly tone?: Notice['tone']; readonly action?: Notice['action'] } = {}): void {
  const id = ++lastId;
  notices.value = [...notices.value, { id, text, tone: options.tone ?? 'info', ...(options.action ? { action: options.action } : {}) }];
  if (options.action === undefined) setTimeout(() => dismiss(id), SHOWN_MS);
}

export function dismiss(id: number): void {
  notices.value = notices.value.filter((notice) => notice.id !== id);
}

/** Runs work whose failure the user should see. */
export async function reporting(work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    // The workspace was closed while this was under way: whoever closed it does not wait for it.
    if (isVerkletError(error) && error.code === 'ERR_DISPOSED') return;
    notify(error instanceof Error ? error.message : String(error), { tone: 'problem' });
  }
}
