// A bar between two panes: dragged by pointer, moved by arrow keys. It sets a custom property on its parent.
import { useRef } from 'preact/hooks';

interface SplitterProps {
  readonly label: string;
  /** CSS custom property with the size of the pane that grows. */
  readonly property: string;
  readonly orientation: 'vertical' | 'horizontal';
  /** 1 where dragging right or down grows the pane, -1 where it shrinks it. */
  readonly direction: 1 | -1;
  readonly initial: number;
  readonly smallest: number;
  readonly largest: number;
}

const KEY_STEP_PX = 24;

export function Splitter({ label, property, orientation, direction, initial, smallest, largest }: SplitterProps) {
  const bar = useRef<HTMLDivElement>(null);
  const size = useRef(initial);
  const set = (next: number): void => {
    size.current = Math.min(largest, Math.max(smallest, next));
    bar.current?.parentElement?.style.setProperty(property, `${size.current}px`);
    bar.current?.setAttribute('aria-valuenow', String(Math.round(size.current)));
  };
  const drag = (down: PointerEvent): void => {
    const start = orientation === 'vertical' ? down.clientX : down.clientY;
    const before = size.current;
    const move = (event: PointerEvent): void =>
      set(before + direction * ((orientation === 'vertical' ? event.clientX : event.clientY) - start));
    bar.current?.setPointerCapture(down.pointerId);
    bar.current?.addEventListener('pointermove', move);
    bar.current?.addEventListener('lostpointercapture', () => bar.current?.removeEventListener('pointermove', move), { once: true });
  };
  const press = (event: KeyboardEvent): void => {
    const [less, more] = orientation === 'vertical' ? ['ArrowLeft', 'ArrowRight'] : ['ArrowUp', 'ArrowDown'];
    if (event.key !== less && event.key !== more) return;
    event.preventDefault();
    set(size.current + direction * (event.key === more ? KEY_STEP_PX : -KEY_STEP_PX));
  };
  return (
    <div
      ref={bar}
      class={`splitter ${orientation}`}
      role="separator"
      tabIndex={0}
      aria-label={label}
      aria-orientation={orientation}
      aria-valuemin={smallest}
      aria-valuemax={largest}
      aria-valuenow={initial}
      onPointerDown={drag}
      onKeyDown={press}
    />
  );
}
