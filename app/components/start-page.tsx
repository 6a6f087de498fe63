// The start page: what this is, and a template to begin with.
import { Logo } from './logo.tsx';
import { openTemplate, type Session } from '../state/session.ts';
import { type Template, templates } from '../templates/index.ts';

export function StartPage({ session }: { session: Exclude<Session, { state: 'open' }> }) {
  return (
    <main class="start">
      <header class="start-head">
        <Logo size={44} />
        <h1>Verklet</h1>
        <p>Node.js runs in this browser tab: files, terminals, servers and their pages. Nothing to install, no account.</p>
      </header>
      {session.state === 'booting' ? <Booting template={session.template} /> : <Choice session={session} />}
      <footer class="start-foot">
        <p>Workspaces live in memory for now: download what you want to keep.</p>
      </footer>
    </main>
  );
}

function Choice({ session }: { session: Exclude<Session, { state: 'open' | 'booting' }> }) {
  return (
    <section aria-labelledby="templates-title">
      <h2 id="templates-title">Start from</h2>
      {session.state === 'failed' && (
        <p class="start-problem" role="alert">
          {session.template.title} could not be opened. {session.reason}
        </p>
      )}
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
      </ul>
    </section>
  );
}

function Booting({ template }: { template: Template }) {
  return (
    <section class="booting" role="status">
      <span class="booting-bar" aria-hidden="true" />
      <p>Starting a runtime for {template.title} …</p>
    </section>
  );
}
