// Starts the application on a real socket; used by main.ts and by the tests.
import { serve } from '@hono/node-server';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createApp } from './app.ts';
import type { ServerConfig } from './config.ts';

export interface RunningServer {
  readonly port: number;
  readonly appUrl: string;
  close(): Promise<void>;
}

/** With port 0 the system chooses; the chosen port is then part of every URL and header. */
export async function listen(config: ServerConfig): Promise<RunningServer> {
  let live = config;
  const server = serve({ fetch: (request: Request) => app.fetch(request), port: config.port, hostname: config.address }) as Server;
  await new Promise<void>((resolve, reject) => server.once('listening', resolve).once('error', reject));
  const port = (server.address() as AddressInfo).port;
  live = { ...config, port };
  const app = createApp(live);
  return {
    port,
    appUrl: `${config.scheme}://${config.appHost}:${port}`,
    close: () =>
      new Promise((resolve, reject) => {
        server.close((error) => (error ? reject(error) : resolve()));
        server.closeAllConnections();
      }),
  };
}
