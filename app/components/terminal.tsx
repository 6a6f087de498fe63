// xterm.js on a shell of the workspace.
import '@xterm/xterm/css/xterm.css';
import { FitAddon } from '@xterm/addon-fit';
import { SearchAddon } from '@xterm/addon-search';
import { WebLinksAddon } from '@xterm/addon-web-links';
import { type ITheme, Terminal as Screen } from '@xterm/xterm';
import { effect } from '@preact/signals';
import { useEffect, useRef, useState } from 'preact/hooks';
import { reporting } from '../state/notices.ts';
import { fontSizePx, isDark } from '../state/settings.ts';
import type { Process } from '@verklet/sdk';
import { hasScreenReaderMode, isTerminalSearchShown, movesFocusByTab } from '../state/terminal-settings.ts';
import type { Workspace } from '../state/workspace.ts';
import { TerminalSearch } from './terminal-search.tsx';

const DARK: ITheme = {
  background: '#14161b',
  foreground: '#d8dbe2',
  cursor: '#ffb454',
  selectionBackground: '#36404f',
  black: '#1d2027',
  brightBlack: '#6b7280',
  red: '#f07178',
  green: '#a6cc70',
  yellow: '#ffcc66',
  blue: '#73b8ff',
  magenta: '#d4a6ff',
  cyan: '#5ccfe6',
  white: '#d8dbe2',
  brightWhite: '#ffffff',
};
const LIGHT: ITheme = {
  background: '#fbfaf7',
  foreground: '#24272e',
  cursor: '#b35c00',
  selectionBackground: '#e3ddcf',
  black: '#24272e',
  brightBlack: '#6d717a',
  red: '#b3261e',
  green: '#3a6b1f',
  yellow: '#835600',
  blue: '#0b57a4',
  magenta: '#7b3fa0',
  cyan: '#00697a',
  white: '#5a5e66',
  brightWhite: '#24272e',
};

interface TerminalProps {
  readonly workspace: Workspace;
  /** Shown instead of a shell of its own. */
  readonly process: Process | null;
  readonly isShown: boolean;
  /** The shell ended. */
  readonly onEnd: () => void;
}

export function Terminal({ workspace, process, isShown, onEnd }: TerminalProps) {
  const host = useRef<HTMLDivElement>(null);
  const type = useRef<((text: string) => void) | null>(null);
  const screenRef = useRef<Screen | null>(null);
  const searchRef = useRef<SearchAddon | null>(null);
  const [title, setTitle] = useState('');

  useEffect(() => {
    const screen = new Screen({
      fontFamily: 'ui-monospace, "SF Mono", "Cascadia Code", "JetBrains Mono", Menlo, Consolas, monospace',
      cursorBlink: true,
      scrollback: 5000,
      allowProposedApi: false,
      minimumContrastRatio: 4.5,
      lineHeight: 1.25,
    });
    const fit = new FitAddon();
    screen.loadAddon(fit);
    const search = new SearchAddon();
    searchRef.current = search;
    screen.loadAddon(search);
    screen.loadAddon(new WebLinksAddon((_event, address) => followLink(workspace, address)));
    screen.onTitleChange(setTitle);
    // Never a trap for the keyboard: Ctrl-Shift-M gives Tab back to the page.
    screen.attachCustomKeyEventHandler((event) => !(event.key === 'Tab' && movesFocusByTab.value));
    screen.open(host.current as HTMLElement);
    screenRef.current = screen;
    const stopReader = effect(() => {
      screen.options.screenReaderMode = hasScreenReaderMode.value;
    });
    const stopTheme = effect(() => {
      screen.options.theme = isDark.value ? DARK : LIGHT;
      screen.options.fontSize = fontSizePx.value;
      if (host.current?.offsetParent) fit.fit();
    });
    const observer = new ResizeObserver(() => {
      if (host.current?.offsetParent) fit.fit();
    });
    observer.observe(host.current as HTMLElement);
    void reporting(() => connect(screen, workspace, process, (send) => (type.current = send), onEnd));
    return () => {
      stopTheme();
      stopReader();
      observer.disconnect();
      screen.dispose();
    };
  }, []);
  useEffect(() => {
    if (!isShown) return;
    workspace.typeIntoTerminal = (text) => {
      type.current?.(text);
      screenRef.current?.focus();
    };
  }, [isShown]);

  return (
    <>
      {isShown && isTerminalSearchShown.value && (
        <TerminalSearch
          onFind={(text, direction) => (direction === 'next' ? searchRef.current?.findNext(text) : searchRef.current?.findPrevious(text))}
          onClose={() => screenRef.current?.focus()}
        />
      )}
      {isShown && title !== '' && <output class="terminal-title">{title}</output>}
      <div ref={host} class="screen" hidden={!isShown} />
    </>
  );
}

/** A server of the workspace opens in the preview, everything else in a tab. */
function followLink(workspace: Workspace, address: string): void {
  const url = URL.parse(address);
  const isLocal = url !== null && /^(?:localhost|127\.0\.0\.1|0\.0\.0\.0)$/.test(url.hostname);
  const port = Number(url?.port ?? 0);
  if (isLocal && workspace.ports.value.some((one) => one.port === port)) workspace.shownPort.value = port;
  else globalThis.open(address, '_blank', 'noopener,noreferrer');
}

/** Joins screen and shell until the shell ends. */
async function connect(
  screen: Screen,
  workspace: Workspace,
  process: Process | null,
  onReady: (send: (text: string) => void) => void,
  onEnd: () => void,
): Promise<void> {
  const shell = process ?? (await workspace.runtime.spawn('sh', [], { terminal: { columns: screen.cols, rows: screen.rows } }));
  const writer = shell.input.getWriter();
  const encoder = new TextEncoder();
  const send = (text: string): void => void writer.write(encoder.encode(text)).catch(() => undefined);
  onReady(send);
  screen.onData(send);
  screen.onResize(({ cols, rows }) => shell.resize({ columns: cols, rows }));
  shell.resize({ columns: screen.cols, rows: screen.rows });
  const reader = shell.output.getReader();
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    const { value } = next;
    await new Promise<void>((resolve) => screen.write(value, resolve));
  }
  // The output of a command that ran by itself stays to be read.
  await shell.exit.then(process === null ? onEnd : undefined, () => undefined);
}
