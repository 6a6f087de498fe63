// What ran where, and why: the runtime's event stream in words.
import { X } from 'lucide';
import type { Diagnostic } from '@verklet/sdk';
import { areDiagnosticsShown } from '../state/commands.ts';
import { formatBytes } from '../state/format.ts';
import type { Workspace } from '../state/workspace.ts';
import { Icon } from './icon.tsx';

export function Diagnostics({ workspace }: { workspace: Workspace }) {
  const shown = workspace.diagnostics.value.filter(({ type }) => type !== 'install-progress').toReversed();
  return (
    <section class="diagnostics" aria-label="What ran where">
      <header class="pane-head">
        <h2>What ran where</h2>
        <button type="button" class="quiet square" aria-label="Close" onClick={() => void (areDiagnosticsShown.value = false)}>
          <Icon of={X} size={14} />
        </button>
      </header>
      <ol>
        {shown.map((diagnostic, index) => (
          <li key={shown.length - index} class={isProblem(diagnostic) ? 'problem' : ''}>
            <time>{new Date(diagnostic.atMs).toLocaleTimeString()}</time>
            <span>{sentence(diagnostic)}</span>
          </li>
        ))}
      </ol>
    </section>
  );
}

function isProblem({ type }: Diagnostic): boolean {
  return (
    type === 'unsupported-call' ||
    type === 'preview-failed' ||
    type === 'error-raised' ||
    type === 'promotion-failed' ||
    type === 'output-lost'
  );
}

function sentence(diagnostic: Diagnostic): string {
  switch (diagnostic.type) {
    case 'runtime-booted':
      return `The runtime started in the ${diagnostic.host} in ${Math.round(diagnostic.durationMs)} ms (isolation: ${diagnostic.isolation}).`;
    case 'process-started':
      return `${diagnostic.command}: process ${diagnostic.pid} in the ${diagnostic.host}, because ${diagnostic.reason}.`;
    case 'process-exited':
      return `${diagnostic.command}: ended with ${diagnostic.signal ?? `code ${diagnostic.exitCode ?? 0}`} after ${Math.round(diagnostic.durationMs)} ms.`;
    case 'display-shown':
      return `Process ${diagnostic.pid} displayed ${diagnostic.mimeTypes.join(', ')} (${formatBytes(diagnostic.sizeBytes)}).`;
    case 'port-opened':
      return `Process ${diagnostic.pid} listens on port ${diagnostic.port}.`;
    case 'port-closed':
      return `Port ${diagnostic.port} is closed.`;
    case 'unsupported-call':
      return `Process ${diagnostic.pid} called ${diagnostic.name}, which the tab does not have.`;
    case 'install-progress':
      return `${diagnostic.done} of ${diagnostic.total} packages installed.`;
    case 'install-finished':
      return `${diagnostic.packages} packages (${Math.round(diagnostic.sizeBytes / 1024)} KiB) installed in ${Math.round(diagnostic.durationMs)} ms.`;
    case 'preview-connected':
      return `The preview of port ${diagnostic.port} is connected.`;
    case 'preview-failed':
      return `The preview of port ${diagnostic.port} failed: ${diagnostic.reason}. ${diagnostic.detail}`;
    case 'preview-console':
      return `Preview, ${diagnostic.level}: ${diagnostic.text}`;
    case 'workspace-restored':
      return restoredSentence(diagnostic);
    case 'offline-ready':
      return 'The workspace is kept for use without a network.';
    case 'offline-unavailable':
      return `The workspace is not available without a network. ${diagnostic.reason}`;
    case 'filesystem-recovered':
      return `The file system was recovered after process ${diagnostic.pid}: ${diagnostic.outcome}.`;
    case 'promotion-asked':
      return `${diagnostic.command}: needs a server session (${diagnostic.signal.because}); ${diagnostic.files} files would be sent.`;
    case 'promotion-queued':
      return `${diagnostic.command}: waits for a connection to the server.`;
    case 'promotion-started':
      return `${diagnostic.signal.subject} needs a server session: ${diagnostic.signal.because}.`;
    case 'promotion-finished':
      return `A server session (${diagnostic.driver}, ${diagnostic.isolation}) was ready after ${Math.round(diagnostic.durationMs)} ms; ${formatBytes(diagnostic.sentBytes)} sent.`;
    case 'promotion-failed':
      return `${diagnostic.command}: ${diagnostic.error.message}`;
    case 'session-connection':
      return `The connection to the server session is ${diagnostic.state}.`;
    case 'session-restarted':
      return 'The server session was restarted; its programs ended, its files are there.';
    case 'session-ended':
      return `The server session ended: ${diagnostic.reason}. Work goes on in the browser.`;
    case 'file-conflicted':
      return `${diagnostic.path} was changed in the tab and on the server; ${diagnostic.keptAs === null ? 'the server had removed it, yours was kept' : `the server's version is ${diagnostic.keptAs}`}.`;
    case 'files-skipped':
      return `Not sent between tab and server: ${diagnostic.paths.join(', ')}.`;
    case 'output-lost':
      return `${formatBytes(diagnostic.lostBytes)} of output of process ${diagnostic.pid} were lost while the connection was down.`;
    case 'error-raised':
      return diagnostic.error.message;
    default:
      return diagnostic satisfies never;
  }
}

function restoredSentence({ files, durationMs, isRecovered, missing }: Extract<Diagnostic, { type: 'workspace-restored' }>): string {
  const what = `${files} stored files came back in ${Math.round(durationMs)} ms.`;
  const damage = isRecovered ? ' The newest save was damaged, so these are the files of the save before it.' : '';
  const lack = missing.length === 0 ? '' : ` Missing: ${missing.slice(0, 5).join(', ')}; run npm ci to have them again.`;
  return what + damage + lack;
}
