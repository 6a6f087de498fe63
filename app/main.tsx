// Entry of the app: settings, shortcuts, service worker, and the page that fits the session.
import './styles/base.css';
import './styles/workbench.css';
import './styles/notebook.css';
import './styles/server.css';
import { render } from 'preact';
import { App } from './components/app.tsx';
import { listenToShortcuts } from './state/commands.ts';
import { reporting } from './state/notices.ts';
import { start } from './state/launch.ts';
import { session } from './state/session.ts';
import { warnWhenNearlyFull } from './state/storage.ts';
import { applySettings } from './state/settings.ts';
import { registerServiceWorker } from './update.ts';

applySettings();
listenToShortcuts(window);
registerServiceWorker();
addEventListener('beforeunload', (event) => {
  // Only what is not stored would be lost; a save is asked for at once.
  if (session.value.state !== 'open') return;
  const { files, runtime } = session.value.workspace;
  if (files.hasUnsaved.value || runtime.persistence.state === 'failed') event.preventDefault();
});

void start();
void reporting(warnWhenNearlyFull);

render(<App />, document.querySelector('#app') as HTMLElement);
