// The start page: what this is, the workspaces that are stored, and templates to begin with.
import { Logo } from './logo.tsx';
import { runCommand } from '../state/commands.ts';
import { closeWorkspace, openImport, openStored, openTemplate, type Session } from '../state/session.ts';
import { templates } from '../templates/index.ts';
import { WorkspaceList } from './workspace-list.tsx';

type Shown = Exclude<Session, { state: 'open' }>;

export function StartPage({ session }: { session: Shown }) {
  return (
    <main class="start">
      <header class="start-head">
        <Logo size={44} />
        <h1>Verklet</h1>
        <p>Node.js and Python run in this browser tab: files, terminals, servers and their pages. Nothing to install, no account.</p>
      </header>
      {session.state === 'booting' && <Booting title={session.title} />}
      {session.state === 'locked' && <Locked session={session} />}
      {(session.state === 'start' || session.state === 'failed') && <Choice session={session} />}
      <footer class="start-foot">
        <p>
          Workspaces are kept in this browser, on this device.{' '}
          <button type="button" class="quiet strong" data-command="storage.show" onClick={() => runCommand('storage.show')}>
            Storage
          </button>
        </p>
      </footer>
    </main>
  );
}

function Choice({ session }: { session: Extract<Session, { state: 'start' | 'failed' }> }) {
  return (
    <>
      {session.state === 'failed' && (
        <p class="start-problem" role="alert">
          {session.title} could not be opened. {session.reason}
        </p>
      )}
      <WorkspaceList />
      <section aria-labelledby="templates-title">
        <h2 id="templates-title">Start from</h2>
        <ul class="templates">
          {templates.map((template) => (
            <li key={template.id}>
              <button type="button" class="template" data-template={template.id} onClick={() => void openTemplate(template)}>
                <strong>{template.title}</strong>
                <span>{template.summary}</span>
                <code>{template.steps.join('  ·  ')}</code>
              </button>
            </li>
          ))}
          <li class="whole-row">
            <button type="button" class="template" data-template="import" onClick={() => void openImport()}>
              <strong>Your own files</strong>
              <span>A zip archive or single files from this device. A folder can be dropped anywhere here.</span>
            </button>
          </li>
        </ul>
      </section>
    </>
  );
}

function Locked({ session: { key, title } }: { session: Extract<Session, { state: 'locked' }> }) {
  return (
    <section class="locked" role="alert" aria-labelledby="locked-title">
      <h2 id="locked-title">{title} is open in another tab</h2>
      <p>One tab at a time works on a workspace, so that nothing is overwritten.</p>
      <div class="locked-choices">
        <button type="button" class="choice" onClick={() => void openStored(key, 'inherit')}>
          Continue here
        </button>
        <button type="button" class="choice" onClick={() => void openStored(key, 'fork')}>
          Open a copy
        </button>
        <button type="button" class="choice" onClick={() => void closeWorkspace()}>
          Back to all workspaces
        </button>
      </div>
    </section>
  );
}

function Booting({ title }: { title: string }) {
  return (
    <section class="booting" role="status">
      <span class="booting-bar" aria-hidden="true" />
      <p>Starting a runtime for {title} …</p>
    </section>
  );
}
