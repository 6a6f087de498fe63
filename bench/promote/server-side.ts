// What the server alone does, without a browser: output through a session's WebSocket, and the memory of idle sessions.
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { WebSocket } from 'ws';
import { LinkEndpoint, type LinkStream, type ProcessEvent, type StreamOpening } from '#protocol';
import { readConfig } from '../../server/config.ts';
import { listen, type RunningServer } from '../../server/listen.ts';
import { median, row, type BenchRow } from '../rows.ts';

const STREAM_BYTES = 256 * 1024 * 1024;
const ROUNDS = 3;
const IDLE_SESSIONS = 100;
const WATCH_MS = 50;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

export async function serverRows(): Promise<BenchRow[]> {
  const config = readConfig();
  const server = await listen({ ...config, port: 0, sessions: { ...config.sessions, maxPerOwner: 1000, maxTotal: 1000 } });
  try {
    const rates: number[] = [];
    for (let round = 0; round < ROUNDS; round++) rates.push((await stream(server, false)).msPerMegabyte);
    const { peakBytes } = await stream(server, true);
    return [
      row('websocket-stdout-per-megabyte', 'ms', median(rates), null, { atMost: 20 }),
      row('websocket-stdout-memory', 'MB', peakBytes / 1e6, null, { atMost: 64 }),
      row(`${IDLE_SESSIONS}-idle-sessions`, 'MB', (await idleSessions(server)) / 1e6, null, { atMost: 50 }),
    ];
  } finally {
    await server.close();
  }
}

/** Bytes that the server's heap and buffers grew by for 100 sessions that do nothing. */
async function idleSessions(server: RunningServer): Promise<number> {
  const sessions = await server.sessions.sessions();
  await sleep(1000);
  const before = usedBytes();
  for (let index = 0; index < IDLE_SESSIONS; index += 4) {
    await Promise.all([0, 1, 2, 3].map((each) => sessions.obtain('bench', `idle-${index + each}`)));
  }
  await sleep(2000);
  const grown = usedBytes() - before;
  await Promise.all(sessions.list().map((session) => session.stop('measured')));
  return grown;
}

/** Watching the memory costs speed: a round does one or the other. */
async function stream(server: RunningServer, mustWatch: boolean): Promise<{ msPerMegabyte: number; peakBytes: number }> {
  const ask = async <T>(route: string, token: string, body: unknown): Promise<T> => {
    const headers = token === '' ? {} : { authorization: `Bearer ${token}` };
    const response = await fetch(`http://127.0.0.1:${server.port}/-/v1${route}`, { method: 'POST', headers, body: JSON.stringify(body) });
    return (await response.json()) as T;
  };
  const name = `bench-${Math.random()}`;
  const grant = await ask<{ token: string }>('/grants', '', { projectId: 'bench', workspaceKey: name, installationId: 'bench' });
  const { id, token } = await ask<{ id: string; token: string }>('/sessions', grant.token, {});
  const socket = new WebSocket(`ws://127.0.0.1:${server.port}/-/v1/sessions/${id}/stream`, {
    origin: server.appUrl,
    perMessageDeflate: false,
  });
  const endpoint = new LinkEndpoint({ role: 'client' }, {});
  socket.on('open', () => socket.send(JSON.stringify({ type: 'authenticate', token, client: 1 })));
  socket.on('message', (data: Buffer, isBinary) => {
    if (isBinary) endpoint.receive(data);
    else endpoint.attach((frame) => socket.send(frame));
  });
  const before = usedBytes();
  let peakBytes = 0;
  let got = 0;
  const watch = mustWatch ? setInterval(() => (peakBytes = Math.max(peakBytes, usedBytes() - before)), WATCH_MS) : undefined;
  const startedAt = performance.now();
  await new Promise<void>((resolve, reject) => {
    const opening: StreamOpening = { type: 'spawn', argv: ['head', '-c', String(STREAM_BYTES), '/dev/zero'], cwd: '/workdir', env: {} };
    const main: LinkStream = endpoint.open(opening, {
      onData: (bytes) => {
        got += bytes.length;
        main.taken(bytes.length);
      },
      onMessage: (message) => (message as ProcessEvent).type === 'exited' && resolve(),
      onReset: (reason) => reject(new Error(JSON.stringify(reason))),
    });
  });
  const ms = performance.now() - startedAt;
  clearInterval(watch);
  socket.close();
  if (got !== STREAM_BYTES) throw new Error(`${got} bytes of output arrived`);
  return { msPerMegabyte: ms / (STREAM_BYTES / 1e6), peakBytes };
}

/** After collecting, and a little more than is held: freed buffers are swept a moment later. The bar is that output does not pile up. */
function usedBytes(): number {
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
