// How terminals behave, for all of them: screen reader support, Tab, the search bar.
import { signal } from '@preact/signals';
import { notify } from './notices.ts';

const KEY = 'verklet.terminal.screen-reader';

/** The screen's text is offered to assistive technology, line by line as it changes. */
export const hasScreenReaderMode = signal(readChoice());
/** Tab leaves the terminal instead of completing in the shell. */
export const movesFocusByTab = signal(false);
export const isTerminalSearchShown = signal(false);

function readChoice(): boolean {
  try {
    return localStorage.getItem(KEY) === 'on';
  } catch {
    // Storage is blocked: off until it is chosen.
    return false;
  }
}

export function toggleScreenReaderMode(): void {
  hasScreenReaderMode.value = !hasScreenReaderMode.value;
  try {
    localStorage.setItem(KEY, hasScreenReaderMode.value ? 'on' : 'off');
  } catch {
    // Storage is blocked: the choice holds for this visit.
  }
  notify(`Screen reader support of terminals is ${hasScreenReaderMode.value ? 'on' : 'off'}.`);
}

export function toggleTabKey(): void {
  movesFocusByTab.value = !movesFocusByTab.value;
  notify(movesFocusByTab.value ? 'Tab now moves the focus out of the terminal.' : 'Tab now completes in the terminal.');
}
