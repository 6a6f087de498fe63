// The page that embeds the runtime under test: no developer tools are attached to it, so it drives itself.
import { Runtime } from '@verklet/sdk';

const query = new URLSearchParams(location.search);
const native = query.get('native') ?? '';
try {
  const runtime = await Runtime.boot({ previewHost: query.get('previewHost') ?? '' });
  await runtime.fs.writeFile('server.cjs', await (await fetch(`${native}/program`)).text());
  await runtime.spawn('node', ['server.cjs']);
  await runtime.ports.waitFor(3000);
  document.body.append(runtime.preview(3000).createFrame(`/?native=${encodeURIComponent(native)}`));
} catch (error) {
  await fetch(`${native}/report`, { method: 'POST', body: JSON.stringify({ error: String(error) }) });
}
