// The server session: what it is, how long it stays, what waits for it, files changed on both sides, and its settings.
import { useEffect, useRef, useState } from 'preact/hooks';
import { X } from 'lucide';
import type { PromotionState } from '@verklet/sdk';
import { formatBytes, formatSpan } from '../state/format.ts';
import { reporting } from '../state/notices.ts';
import {
  chooseServer,
  choosePolicy,
  isSessionPanelShown,
  promotionPolicy,
  serverUrl,
  type ServerSession,
} from '../state/server-session.ts';
import type { Workspace } from '../state/workspace.ts';
import { Icon } from './icon.tsx';

export function SessionPanel({ workspace }: { workspace: Workspace }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const isShown = isSessionPanelShown.value;
  useEffect(() => {
    if (isShown) dialog.current?.showModal();
  }, [isShown]);
  if (!isShown) return null;
  const { server } = workspace;
  const close = (): void => void (isSessionPanelShown.value = false);
  return (
    <dialog ref={dialog} class="card session" aria-labelledby="session-title" onClose={close}>
      <header>
        <h2 id="session-title">Server session</h2>
        <button type="button" class="quiet square" aria-label="Close" onClick={close}>
          <Icon of={X} size={14} />
        </button>
      </header>
      <Session server={server} state={server.state.value} />
      <Ports workspace={workspace} />
      <Queue server={server} />
      <Conflicts server={server} />
      <Settings />
    </dialog>
  );
}

function Session({ server, state }: { server: ServerSession; state: PromotionState }) {
  switch (state.type) {
    case 'unavailable':
      return <p>Everything runs in the browser: {state.reason}.</p>;
    case 'idle':
      return (
        <>
          <p>Everything runs in the browser. A command that needs Linux starts a session.</p>
          <footer>
            <button type="button" data-command="session.start" onClick={() => void reporting(() => server.promote())}>
              Start one now
            </button>
          </footer>
        </>
      );
    case 'starting':
      return (
        <p role="status">
          {STEPS[state.step]} … {state.sentBytes > 0 && `${formatBytes(state.sentBytes)} sent`}
        </p>
      );
    case 'active': {
      const { session, signal, link } = state;
      return (
        <>
          <p>
            New commands run on the server, because {signal.subject} needed it: {signal.because}.
          </p>
          <dl class="facts">
            <dt>Isolation</dt>
            <dd>
              {session.driver}, {session.isolation}
            </dd>
            <dt>Limits</dt>
            <dd>
              {formatBytes(session.limits.memoryBytes)} memory, {session.limits.cpus} CPU, {session.limits.processes} processes,{' '}
              {formatBytes(session.limits.diskBytes)} disk
            </dd>
            <dt>Connection</dt>
            <dd>{link === 'connected' ? 'connected' : 'interrupted; programs go on and nothing is lost'}</dd>
            <dt>Ends</dt>
            <dd>
              after {formatSpan(session.idleMs)} without use, at the latest in {formatSpan(session.expiresAtMs - Date.now())}
            </dd>
          </dl>
          <footer>
            <button type="button" data-command="session.extend" onClick={() => void reporting(() => server.extend())}>
              Extend
            </button>
            <button type="button" class="primary" data-command="session.demote" onClick={() => void reporting(() => server.demote())}>
              Bring everything back and stop
            </button>
          </footer>
        </>
      );
    }
    default:
      return state satisfies never;
  }
}

const STEPS = {
  grant: 'Asking for permission',
  session: 'Starting a Linux session',
  files: 'Sending files',
  prepare: 'Preparing',
} as const;

/** Ports that the session itself can show to a browser without this workspace. */
function Ports({ workspace }: { workspace: Workspace }) {
  const ports = workspace.ports.value.filter(({ pid }) => pid === 0);
  if (ports.length === 0) return null;
  return (
    <section>
      <h3>Show on another device</h3>
      <ul class="rows">
        {ports.map(({ port }) => (
          <li key={port}>
            <code>:{port}</code>
            <button type="button" onClick={() => void reporting(() => workspace.server.copyLink(port))}>
              Copy a link
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Queue({ server }: { server: ServerSession }) {
  const queue = server.queue.value;
  if (queue.length === 0) return null;
  return (
    <section>
      <h3>Waiting for a connection</h3>
      <ul class="rows">
        {queue.map(({ id, argv }) => (
          <li key={id}>
            <code>{argv.join(' ')}</code>
            <button type="button" onClick={() => void reporting(() => server.cancelQueued(id))}>
              Cancel
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Conflicts({ server }: { server: ServerSession }) {
  const conflicts = server.conflicts.value;
  if (conflicts.length === 0) return null;
  return (
    <section>
      <h3>Changed here and on the server</h3>
      <ul class="rows">
        {conflicts.map((conflict) => (
          <li key={conflict.path}>
            <span>
              <code>{conflict.path}</code>
              <small>{conflict.keptAs === null ? 'removed on the server' : `the server's is ${conflict.keptAs}`}</small>
            </span>
            <span class="choices">
              <button type="button" onClick={() => void reporting(() => server.resolve(conflict, 'tab'))}>
                Keep mine
              </button>
              <button type="button" onClick={() => void reporting(() => server.resolve(conflict, 'server'))}>
                Keep the server's
              </button>
              <button type="button" onClick={() => void reporting(() => server.resolve(conflict, 'both'))}>
                Keep both
              </button>
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Settings() {
  const [problem, setProblem] = useState<string | null>(null);
  return (
    <details>
      <summary>Settings</summary>
      <label>
        When a command needs Linux
        <select value={promotionPolicy.value} onChange={(event) => choosePolicy(event.currentTarget.value as 'ask' | 'allow' | 'deny')}>
          <option value="ask">ask first</option>
          <option value="allow">run it on the server</option>
          <option value="deny">stay in the browser</option>
        </select>
      </label>
      <label>
        Server
        <input
          type="url"
          placeholder={location.origin}
          value={serverUrl.value}
          aria-describedby="server-problem"
          onChange={(event) => setProblem(chooseServer(event.currentTarget.value.trim()))}
        />
      </label>
      <p id="server-problem" class={problem === null ? 'muted' : 'problem'}>
        {problem ?? 'Counts when a workspace is opened the next time.'}
      </p>
    </details>
  );
}
