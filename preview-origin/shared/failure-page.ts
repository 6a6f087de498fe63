// The pages a preview shows when no server's answer can be shown: one text table, one self-contained document. Used by the
// service worker and the boot page. Runs everywhere; imports types only.
import type { PreviewFailure } from '#protocol';

interface FailureText {
  readonly status: 502 | 503 | 504;
  readonly title: string;
  readonly advice: string;
}

const texts: Readonly<Record<PreviewFailure, FailureText>> = {
  'no-workspace': {
    status: 503,
    title: 'The workspace is not open',
    advice: 'This preview is served by a workspace in another tab. Open the workspace, start its server, and this page continues.',
  },
  'version-mismatch': {
    status: 503,
    title: 'Verklet was updated meanwhile',
    advice: 'The workspace’s tab and this preview are of different versions. Reload the tab of the workspace; this page then continues.',
  },
  'no-such-port': {
    status: 502,
    title: 'Nothing listens on this port',
    advice: 'Start the server in the terminal. This page reloads when it answers.',
  },
  'process-died': {
    status: 502,
    title: 'The server stopped before it answered',
    advice: 'Its last output is in the terminal. Start it again, then reload.',
  },
  'bad-response': {
    status: 502,
    title: 'The server’s answer could not be read',
    advice: 'It closed the connection early or did not speak HTTP. Its output is in the terminal.',
  },
  timeout: {
    status: 504,
    title: 'The server took too long',
    advice: 'No response began within five minutes. Check whether the request is stuck, then reload.',
  },
  cancelled: { status: 502, title: 'The request was cancelled', advice: 'Reload to ask again.' },
};

/** These pass without a doing here. */
const RETRIED: ReadonlySet<PreviewFailure> = new Set(['no-such-port', 'no-workspace', 'version-mismatch']);

export interface FailurePage {
  readonly status: number;
  /** For requests that are no navigation. */
  readonly text: string;
  readonly html: string;
}

export interface FailureContext {
  readonly port: number;
  readonly detail: string;
  /** Where the workspace can be opened, if known. */
  readonly appUrl?: string;
}

export function failurePage(reason: PreviewFailure, context: FailureContext): FailurePage {
  const { status, title, advice } = texts[reason];
  const retry = RETRIED.has(reason) ? RETRY : '';
  return {
    status,
    text: `${title} (port ${context.port}). ${advice} [${reason}] ${context.detail}\n`,
    html: `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<style>${PAGE_STYLE}</style>
</head>
<body>${failureCard(reason, context)}${retry}</body>
</html>
`,
  };
}

/** The visible part alone, for a document that has the style already. */
export function failureCard(reason: PreviewFailure, { port, detail, appUrl }: FailureContext): string {
  const { status, title, advice } = texts[reason];
  const link = appUrl === undefined ? '' : `<a class="action" href="${escapeHtml(appUrl)}" target="_top">Open the workspace</a>`;
  const more = detail === '' ? '' : `<details><summary>Details</summary><pre>${escapeHtml(detail)}</pre></details>`;
  return `<main>
<p class="status"><span aria-hidden="true"></span>${status} · port ${port}</p>
<h1>${title}</h1>
<p>${advice}</p>
<p class="actions">${link}<a class="action" href="">Reload</a></p>
${more}
</main>`;
}

/** Progress, for the boot page. */
export function waitingCard(text: string): string {
  return `<main aria-busy="true"><p class="status waiting"><span aria-hidden="true"></span>Connecting</p><h1>${escapeHtml(text)}</h1></main>`;
}

/** No script of ours may read a body here: a HEAD that is no longer a failure of ours means a server answered. */
const RETRY = `<script>
(function retry(delay) {
  setTimeout(function () {
    fetch(location.href, { method: 'HEAD', cache: 'no-store', redirect: 'manual' }).then(function (response) {
      if (!response.headers.has('x-verklet-failure')) location.reload();
      else retry(Math.min(delay * 1.5, 10000));
    }, function () { retry(Math.min(delay * 2, 10000)); });
  }, delay);
})(1000);
</script>`;

export const PAGE_STYLE = `
:root { color-scheme: light dark; --back: #f7f6f3; --card: #fff; --ink: #1d1c1a; --soft: #5f5b55; --line: #e2dfd9; --accent: #7a4b00; --dot: #c77700; }
@media (prefers-color-scheme: dark) { :root { --back: #161513; --card: #1f1e1b; --ink: #f0eee9; --soft: #a8a39a; --line: #35322d; --accent: #ffc46b; --dot: #f2a33a; } }
* { box-sizing: border-box; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 24px; background: var(--back); color: var(--ink); font: 16px/1.55 system-ui, sans-serif; }
main { width: min(34rem, 100%); padding: 28px 32px; background: var(--card); border: 1px solid var(--line); border-radius: 12px; }
h1 { margin: 0 0 8px; font-size: 1.35rem; line-height: 1.3; text-wrap: balance; }
p { margin: 0 0 16px; color: var(--soft); }
.status { display: flex; align-items: center; gap: 8px; font-size: .85rem; font-variant-numeric: tabular-nums; }
.status span { width: 8px; height: 8px; border-radius: 50%; background: var(--dot); }
.actions { display: flex; flex-wrap: wrap; gap: 12px; margin: 0; }
.action { display: inline-flex; align-items: center; min-height: 44px; padding: 0 18px; border: 1px solid var(--line); border-radius: 8px; color: var(--accent); text-decoration: none; font-weight: 550; }
.action:hover { border-color: currentColor; }
.action:focus-visible, summary:focus-visible { outline: 2px solid var(--dot); outline-offset: 2px; }
details { margin-top: 16px; color: var(--soft); }
summary { cursor: pointer; min-height: 32px; }
pre { margin: 0; padding: 12px; overflow: auto; background: var(--back); border-radius: 8px; font: 13px/1.5 ui-monospace, monospace; white-space: pre-wrap; }
@media (prefers-reduced-motion: no-preference) { .waiting span { animation: pulse 1.2s ease-in-out infinite; } @keyframes pulse { 50% { opacity: .25; } } }
`;

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
