// Asks before work leaves the browser: which command, why, and what would be sent.
import { useEffect, useRef, useState } from 'preact/hooks';
import { formatBytes } from '../state/format.ts';
import type { Workspace } from '../state/workspace.ts';

export function PromotionDialog({ workspace }: { workspace: Workspace }) {
  const { server } = workspace;
  const [request] = server.requests.value;
  const dialog = useRef<HTMLDialogElement>(null);
  const [mustRemember, setMustRemember] = useState(false);
  useEffect(() => {
    if (request) dialog.current?.showModal();
  }, [request?.id]);
  if (!request) return null;
  const answer = (decision: 'allow' | 'deny'): void => server.answer(request.id, decision, mustRemember);
  return (
    <dialog ref={dialog} class="card" aria-labelledby="promotion-title" onCancel={() => answer('deny')}>
      <h2 id="promotion-title">Run this on the server?</h2>
      <p>
        <code class="command">{request.command === '' ? request.signal.subject : request.command}</code>
      </p>
      <p>
        <strong>{request.signal.subject}</strong> needs Linux: {request.signal.because}. A Linux session on the server can run it, in this
        same terminal.
      </p>
      <dl class="facts">
        <dt>Sent</dt>
        <dd>
          {request.files} {request.files === 1 ? 'file' : 'files'}, at most {formatBytes(request.sizeBytes)}; not <code>node_modules</code>
        </dd>
        <dt>Comes back</dt>
        <dd>every file that changes there, as it changes</dd>
        <dt>Ends</dt>
        <dd>when you stop it, or after a quarter of an hour without use</dd>
      </dl>
      <label class="check">
        <input type="checkbox" checked={mustRemember} onChange={(event) => setMustRemember(event.currentTarget.checked)} />
        Do the same next time
      </label>
      <footer>
        <button type="button" onClick={() => answer('deny')}>
          Stay in the browser
        </button>
        <button type="button" class="primary" data-command="promotion.allow" autofocus onClick={() => answer('allow')}>
          Run on the server
        </button>
      </footer>
    </dialog>
  );
}
