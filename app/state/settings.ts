// Settings of this browser: kept in local storage, applied to the document.
import { effect, signal } from '@preact/signals';

export type Theme = 'system' | 'light' | 'dark';

const KEY = 'verklet.settings';
const SIZES = { smallest: 11, largest: 22, standard: 13 } as const;

interface Stored {
  readonly theme: Theme;
  readonly fontSizePx: number;
}

const stored = read();
export const theme = signal<Theme>(stored.theme);
export const fontSizePx = signal(stored.fontSizePx);
const systemDark = matchMedia('(prefers-color-scheme: dark)');
export const isDark = signal(false);

function read(): Stored {
  try {
    const value = JSON.parse(localStorage.getItem(KEY) ?? '{}') as Partial<Stored>;
    return {
      theme: value.theme === 'light' || value.theme === 'dark' ? value.theme : 'system',
      fontSizePx: clamp(value.fontSizePx ?? SIZES.standard),
    };
  } catch {
    // Storage is blocked or damaged: the defaults are always right.
    return { theme: 'system', fontSizePx: SIZES.standard };
  }
}

export function resizeFont(stepPx: number): void {
  fontSizePx.value = clamp(fontSizePx.value + stepPx);
}

export function nextTheme(): void {
  theme.value = theme.value === 'system' ? 'light' : theme.value === 'light' ? 'dark' : 'system';
}

function clamp(sizePx: number): number {
  return Math.min(SIZES.largest, Math.max(SIZES.smallest, Math.round(sizePx)));
}

/** Keeps document and storage up to date; call once. */
export function applySettings(): void {
  const update = (): void => {
    isDark.value = theme.value === 'dark' || (theme.value === 'system' && systemDark.matches);
    document.documentElement.dataset['theme'] = isDark.value ? 'dark' : 'light';
  };
  systemDark.addEventListener('change', update);
  effect(() => {
    update();
    document.documentElement.style.setProperty('--code-size', `${fontSizePx.value}px`);
    try {
      localStorage.setItem(KEY, JSON.stringify({ theme: theme.value, fontSizePx: fontSizePx.value } satisfies Stored));
    } catch {
      // Storage is blocked: the choice holds for this visit.
    }
  });
}
