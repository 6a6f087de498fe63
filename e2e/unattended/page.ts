// The page that embeds the runtime in an unattended run: no developer tools are attached to it, so it drives itself. It
// starts the program, shows its page, and does what that page asks for by message.
import { Runtime } from '@verklet/sdk';

/** How long this page's main thread works in a row, and how much of the time, while it is asked to be busy. */
const BUSY_MS = 30;
const BUSY_PERIOD_MS = 50;

type Ask = { readonly type: 'be-busy'; readonly isBusy: boolean } | { readonly type: 'count-connections' };

const query = new URLSearchParams(location.search);
const native = query.get('native') ?? '';
try {
  const runtime = await Runtime.boot({ previewHost: query.get('previewHost') ?? '' });
  await runtime.fs.writeFile('server.cjs', await (await fetch(`${native}/program`)).text());
  await runtime.spawn('node', ['server.cjs']);
  await runtime.ports.waitFor(3000);
  const frame = runtime.preview(3000).createFrame(`/?native=${encodeURIComponent(native)}`);
  addEventListener('message', (event: MessageEvent<Ask>) => {
    if (event.source === frame.contentWindow) answer(runtime, event);
  });
  document.body.append(frame);
} catch (error) {
  await fetch(`${native}/report`, { method: 'POST', body: JSON.stringify({ error: String(error) }) });
}

function answer(runtime: Runtime, { data, ports: [reply] }: MessageEvent<Ask>): void {
  switch (data.type) {
    case 'be-busy':
      beBusy(data.isBusy);
      return reply?.postMessage(null);
    case 'count-connections':
      return reply?.postMessage(runtime.diagnostics.list().filter(({ type }) => type === 'preview-connected').length);
    default:
      data satisfies never;
  }
}

let busy: ReturnType<typeof setInterval> | undefined;

function beBusy(isBusy: boolean): void {
  clearInterval(busy);
  if (!isBusy) return;
  busy = setInterval(() => {
    const until = performance.now() + BUSY_MS;
    while (performance.now() < until);
  }, BUSY_PERIOD_MS);
}
