// The bar that searches the terminal that is shown.
import { ArrowDown, ArrowUp, X } from 'lucide';
import { useEffect, useRef } from 'preact/hooks';
import { isTerminalSearchShown } from '../state/terminal-settings.ts';
import { Icon } from './icon.tsx';

interface SearchProps {
  readonly onFind: (text: string, direction: 'next' | 'previous') => void;
  readonly onClose: () => void;
}

export function TerminalSearch({ onFind, onClose }: SearchProps) {
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => input.current?.focus(), []);
  const find = (direction: 'next' | 'previous'): void => onFind(input.current?.value ?? '', direction);
  const close = (): void => {
    isTerminalSearchShown.value = false;
    onClose();
  };
  return (
    <search class="terminal-search" aria-label="Search in the terminal">
      <input
        ref={input}
        type="search"
        aria-label="Text to find in the terminal"
        onInput={() => find('next')}
        onKeyDown={(event) => {
          if (event.key === 'Enter') find(event.shiftKey ? 'previous' : 'next');
          else if (event.key === 'Escape') close();
        }}
      />
      <button type="button" class="quiet square small" aria-label="Previous match" onClick={() => find('previous')}>
        <Icon of={ArrowUp} size={14} />
      </button>
      <button type="button" class="quiet square small" aria-label="Next match" onClick={() => find('next')}>
        <Icon of={ArrowDown} size={14} />
      </button>
      <button type="button" class="quiet square small" aria-label="Close the search" onClick={close}>
        <Icon of={X} size={14} />
      </button>
    </search>
  );
}
