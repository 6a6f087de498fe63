// What a forked shell gets from the one that started it. Travels in `SpawnRequest.inherited`.
import type { StateSnapshot } from './state.ts';
import type { List } from './syntax.ts';

export interface ShellFork {
  readonly state: StateSnapshot;
  readonly body: List;
}

export function isShellFork(value: unknown): value is ShellFork {
  return typeof value === 'object' && value !== null && 'state' in value && 'body' in value;
}
