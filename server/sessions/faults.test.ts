// What happens to a session when something dies: the server by SIGKILL, the agent, the connection a thousand times. No
// acknowledged file is lost, no box stays, and every end has a code. Runs real boxes; says why where it cannot.
import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import type { StreamOpening } from '#protocol';
import { Client, LiveServer, until } from '../testing/live-server.ts';
import { ProcessDriver } from '../drivers/process.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'vkf-'));
// The boxes' users pass through it.
chmodSync(folder, 0o711);
const boxes = path.join(folder, 'b');
const availability = await new ProcessDriver(boxes).probe();
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const liveBoxes = (): number => readdirSync(boxes).filter((name) => name.endsWith('.json')).length;

if (!availability.isAvailable) {
  process.stderr.write(`Faults of sessions are not tested here: ${availability.reason}\n`);
  test.skip('no boxes here', () => undefined);
} else {
  describe('a session', () => {
    let server: LiveServer;
    let client: Client;
    afterAll(async () => {
      await server.end('SIGTERM');
      expect(liveBoxes()).toBe(0);
    });

    test('goes on over the SIGKILL of its server: the program runs, its output arrives once, its files are kept', async () => {
      server = await LiveServer.start(folder);
      client = new Client(server);
      await client.open('w');
      await client.commit({ 'kept.txt': 'kept' });
      await client.connect();
      const counting = client.start(['sh', '-c', 'for i in $(seq 1 40); do echo $i; sleep 0.05; done; echo made > made.txt']);
      await until(() => counting.output().includes('5\n'));
      await server.end('SIGKILL');
      server = await LiveServer.start(folder);
      client.server = server;
      await client.connect();
      expect(await counting.exit).toBe(0);
      expect(counting.output()).toBe(`${Array.from({ length: 40 }, (_, index) => index + 1).join('\n')}\n`);
      await until(async () => (await client.names((await client.info()).root ?? '')).includes('made.txt'));
      expect(await client.names((await client.info()).root ?? '')).toEqual(['kept.txt', 'made.txt']);
    });

    test('loses its connection a thousand times and no line', async () => {
      const counting = client.start(['node', '-e', 'let n=0;const t=setInterval(()=>{console.log(++n);if(n===1500)clearInterval(t)},2)']);
      for (let loss = 0; loss < 1000; loss++) {
        client.endpoint.detach();
        client.endpoint.attach((frame) => client.socket?.readyState === WebSocket.OPEN && client.socket.send(frame));
        if (loss % 100 === 0) {
          client.socket?.terminate();
          await client.connect();
        } else if (loss % 5 === 0) await new Promise((resolve) => setTimeout(resolve, 2));
      }
      await until(() => client.endpoint.isReady);
      expect(await counting.exit).toBe(0);
      expect(counting.output()).toBe(`${Array.from({ length: 1500 }, (_, index) => index + 1).join('\n')}\n`);
    });

    test('a client that takes nothing stops its program, and another is not delayed', async () => {
      let got = 0;
      client.endpoint.open({ type: 'spawn', argv: ['yes'], cwd: '/workdir', env: {} } satisfies StreamOpening, {
        onData: (bytes) => (got += bytes.length),
      });
      await until(() => got > 900_000);
      const other = client.start(['echo', 'quick']);
      expect(await other.exit).toBe(0);
      expect(got).toBeLessThan(1_300_000);
    });

    test('ends with its agent, says so, and its files are in the next one', async () => {
      const { root } = await client.info();
      client.start(['sh', '-c', 'kill -9 $PPID; sleep 5']);
      await until(() =>
        client.info().then(
          () => false,
          (error: { status?: number }) => error.status === 404,
        ),
      );
      await expect(client.connect()).rejects.toThrow('4401');
      const next = new Client(server);
      await next.open('w');
      expect(next.id).not.toBe(client.id);
      expect(next.root).toBe(root);
      await next.connect();
      const reading = next.start(['cat', 'kept.txt', 'made.txt']);
      expect(await reading.exit).toBe(0);
      expect(reading.output()).toBe('keptmade\n');
      client = next;
    });

    test('a grant for it opens no other session, and rubbish opens none', async () => {
      const other = new Client(server);
      await other.open('elsewhere');
      const stolen = new Client(server);
      stolen.id = other.id;
      stolen.token = client.token;
      await expect(stolen.info()).rejects.toMatchObject({ status: 401 });
      await expect(stolen.connect()).rejects.toThrow('4401');
      stolen.token = `${client.token.slice(0, -4)}AAAA`;
      await expect(stolen.info()).rejects.toMatchObject({ status: 401 });
      await other.ask('DELETE', `/sessions/${other.id}`);
      await expect(other.info()).rejects.toMatchObject({ status: 404 });
    });

    test('a box whose session nobody knows is ended by the next server', async () => {
      await server.end('SIGKILL');
      expect(liveBoxes()).toBe(1);
      rmSync(path.join(folder, 'data'), { recursive: true, force: true });
      server = await LiveServer.start(folder);
      await fetch(`${server.base}/-/v1/status`);
      await until(() => liveBoxes() === 0);
      expect(existsSync(path.join(boxes, client.id))).toBe(false);
    });
  });
}
