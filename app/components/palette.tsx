// The command palette: type, choose with the arrow keys, run with Enter.
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { type AppCommand, commands, isPaletteOpen, keysText } from '../state/commands.ts';

export function Palette() {
  const dialog = useRef<HTMLDialogElement>(null);
  const [query, setQuery] = useState('');
  const [chosen, setChosen] = useState(0);
  const isOpen = isPaletteOpen.value;
  // Before the browser goes on: what is typed next belongs in here.
  useLayoutEffect(() => {
    if (!isOpen) return;
    setQuery('');
    setChosen(0);
    dialog.current?.showModal();
  }, [isOpen]);
  if (!isOpen) return null;

  const found = commands.filter((command) => command.id !== 'palette.open' && command.isEnabled() && matches(command, query));
  const close = (): void => void (isPaletteOpen.value = false);
  const run = (command: AppCommand | undefined): void => {
    close();
    command?.run();
  };
  const press = (event: KeyboardEvent): void => {
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
    if (step !== 0) {
      event.preventDefault();
      setChosen((chosen + step + found.length) % Math.max(1, found.length));
    }
    if (event.key === 'Enter') run(found[chosen]);
  };
  return (
    <dialog
      ref={dialog}
      class="palette"
      aria-label="Commands"
      onClose={close}
      onClick={(event) => event.target === dialog.current && close()}
    >
      <input
        type="text"
        role="combobox"
        aria-expanded="true"
        aria-controls="palette-list"
        aria-activedescendant={found[chosen] ? `palette-${found[chosen].id}` : undefined}
        aria-label="Search commands"
        placeholder="What do you want to do?"
        value={query}
        onInput={(event) => {
          setQuery(event.currentTarget.value);
          setChosen(0);
        }}
        onKeyDown={press}
      />
      <ul id="palette-list" role="listbox" aria-label="Commands">
        {found.map((command, index) => (
          <li
            key={command.id}
            id={`palette-${command.id}`}
            role="option"
            aria-selected={index === chosen}
            data-command={command.id}
            onClick={() => run(command)}
            onMouseMove={() => setChosen(index)}
          >
            <span>{command.title}</span>
            {command.keys && <kbd>{keysText(command.keys)}</kbd>}
          </li>
        ))}
      </ul>
      {found.length === 0 && <p class="palette-empty">No command is called that.</p>}
    </dialog>
  );
}

function matches({ title }: AppCommand, query: string): boolean {
  const text = title.toLowerCase();
  return query
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}
