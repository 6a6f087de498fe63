// Entry of the server process: `node server/main.ts`. Prints the address when it is ready.
import { readConfig } from './config.ts';
import { listen } from './listen.ts';

const server = await listen(readConfig()).catch((error: NodeJS.ErrnoException) => {
  const hint = error.code === 'EADDRINUSE' ? ' Set VERKLET_PORT to another port, or stop what listens there.' : '';
  process.stderr.write(`The server could not start: ${error.message}.${hint}\n`);
  process.exit(1);
});
process.stdout.write(`Verklet is ready: ${server.appUrl}\n`);
void server.sessions.status().then(({ sessions, reason }) => {
  const line =
    sessions === 'available'
      ? `Linux sessions: ${reason}`
      : `No Linux sessions (${reason}). Everything else works; \`npm run doctor\` says more.`;
  process.stdout.write(`${line}\n`);
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    void server.close().then(() => process.exit(0));
  });
}
