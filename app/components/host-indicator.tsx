// Where commands run now, with the reason; opens the session panel.
import { Cpu, Server } from 'lucide';
import type { PromotionState } from '@verklet/sdk';
import { isSessionPanelShown } from '../state/server-session.ts';
import type { Workspace } from '../state/workspace.ts';
import { Icon } from './icon.tsx';

export function HostIndicator({ workspace }: { workspace: Workspace }) {
  const { state, conflicts, queue } = workspace.server;
  const [text, title] = describe(state.value);
  const waiting = queue.value.length;
  return (
    <button
      type="button"
      class={`status host ${state.value.type === 'active' ? 'on-server' : ''}`}
      data-host={state.value.type}
      title={title}
      onClick={() => void (isSessionPanelShown.value = true)}
    >
      <Icon of={state.value.type === 'active' ? Server : Cpu} size={13} />
      {text}
      {waiting > 0 && ` · ${waiting} waiting`}
      {conflicts.value.length > 0 && ` · ${conflicts.value.length} in conflict`}
    </button>
  );
}

function describe(state: PromotionState): [text: string, title: string] {
  switch (state.type) {
    case 'unavailable':
      return ['browser', `Commands run in the browser: ${state.reason}`];
    case 'idle':
      return ['browser', 'Commands run in the browser; what needs Linux can go to the server'];
    case 'starting':
      return ['starting session …', `${state.signal.subject} needs a server session: ${state.signal.because}`];
    case 'active':
      return [
        state.link === 'connected' ? 'server' : 'server (reconnecting)',
        `Commands run on the server since ${state.signal.subject} needed it: ${state.signal.because}`,
      ];
    default:
      return state satisfies never;
  }
}
