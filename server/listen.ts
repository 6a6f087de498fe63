// Starts the application on a real socket; used by main.ts and by the tests.
import { serve } from '@hono/node-server';
import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import type { AddressInfo } from 'node:net';
import { allowedParents, createApp, portNameOf } from './app.ts';
import { HeldElsewhere, passOnUpgrade } from './sessions/other-replica.ts';
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
    if (sessions.handleUpgrade(request, socket, head)) return;
    upgradePreview(live, sessions, request, socket, head).then(
      (isTaken) => isTaken || socket.destroy(),
      () => socket.destroy(),
    );
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

/** A WebSocket to a port of a session, on a preview host. */
async function upgradePreview(
  config: ServerConfig,
  sessions: SessionService,
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
): Promise<boolean> {
  const host = request.headers.host ?? '';
  const name = portNameOf(host, config);
  if (name === null) return false;
  socket.on('error', () => socket.destroy()); // the browser went away while its permission was looked at
  try {
    return await sessions.previews.handleUpgrade(name, request, socket, head, new URL(`${config.scheme}://${host}`));
  } catch (error) {
    return error instanceof HeldElsewhere && passOnUpgrade(error, request, socket, head);
  }
}
