// Short messages in the corner; screen readers hear them politely.
import { X } from 'lucide';
import { dismiss, notices } from '../state/notices.ts';
import { Icon } from './icon.tsx';

export function Notices() {
  return (
    <div class="notices" role="status" aria-live="polite">
      {notices.value.map(({ id, text, tone, action }) => (
        <div key={id} class={`notice ${tone}`}>
          <p>{text}</p>
          {action && (
            <button type="button" class="quiet strong" onClick={() => action.run()}>
              {action.label}
            </button>
          )}
          <button type="button" class="quiet square" aria-label="Dismiss" onClick={() => dismiss(id)}>
            <Icon of={X} size={14} />
          </button>
        </div>
      ))}
    </div>
  );
}
