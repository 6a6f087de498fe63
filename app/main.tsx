// Entry of the app: settings, shortcuts, service worker, and the page that fits the session.
import './styles/base.css';
import './styles/workbench.css';
import { render } from 'preact';
import { App } from './components/app.tsx';
import { listenToShortcuts } from './state/commands.ts';
import { openTemplate, session } from './state/session.ts';
import { applySettings } from './state/settings.ts';
import { templates } from './templates/index.ts';
import { registerServiceWorker } from './update.ts';

applySettings();
listenToShortcuts(window);
registerServiceWorker();
addEventListener('beforeunload', (event) => {
  // A workspace lives in memory: leaving loses it.
  if (session.value.state === 'open') event.preventDefault();
});

const wanted = new URLSearchParams(location.search).get('template');
const template = templates.find(({ id }) => id === wanted);
if (template !== undefined) void openTemplate(template);

render(<App />, document.querySelector('#app') as HTMLElement);
