// The three lines an embedder writes: boot, write, spawn. The output goes to the page.
import { Runtime } from '@verklet/sdk';

const output = document.querySelector('#output') as HTMLElement;
try {
  const runtime = await Runtime.boot({ previewHost: previewHost() });
  await runtime.fs.writeFile('hello.js', 'console.log(`Hello from Node ${process.version} in this tab`);');
  const node = await runtime.spawn('node', ['hello.js']);
  output.textContent = await new Response(node.output).text();
} catch (error) {
  output.textContent = String(error);
}

/** Given in the query on a self-hosted set-up; the local one has a second preview host for pages of other sites. */
function previewHost(): string {
  return new URLSearchParams(location.search).get('previewHost') ?? `xpreview.localhost:${location.port}`;
}
