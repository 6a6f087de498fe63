// Starts the application on a real socket; used by main.ts and by the tests.
import { serve } from '@hono/node-server';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { allowedParents, createApp } from './app.ts';
import { SessionService } from './sessions/session-service.ts';
import type { ServerConfig } from './config.ts';

export interface RunningServer {
  readonly port: number;
  readonly appUrl: string;
  readonly sessions: SessionService;
  close(): Promise<void>;
}

/** With port 0 the system chooses; the chosen port is then part of every URL and header. */
export async function listen(config: ServerConfig): Promise<RunningServer> {
  let live = config;
  const server = serve({
    fetch: (request: Request, env: unknown) => app.fetch(request, env as object),
    port: config.port,
    hostname: config.address,
  }) as Server;
  await new Promise<void>((resolve, reject) => server.once('listening', resolve).once('error', reject));
  const port = (server.address() as AddressInfo).port;
  live = { ...config, port };
  const sessions = await SessionService.open({
    config: live,
    allowedOrigins: allowedParents(live),
    // The app is complete before any box can ask.
    fetchOwn: (pathname, init) =>
      Promise.resolve(
        app.fetch(new Request(`http://${live.appHost}${pathname}`, { ...init, headers: { ...init.headers, host: live.appHost } })),
      ),
  });
  const app = createApp(live, sessions);
  server.on('upgrade', (request, socket, head) => {
    if (!sessions.handleUpgrade(request, socket, head)) socket.destroy();
  });
  return {
    port,
    appUrl: `${config.scheme}://${config.appHost}:${port}`,
    sessions,
    close: async () => {
      await sessions.close();
      await new Promise<void>((resolve, reject) => {
        server.close((error) => (error ? reject(error) : resolve()));
        server.closeAllConnections();
      });
    },
  };
}
