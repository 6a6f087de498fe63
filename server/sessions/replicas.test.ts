// Several servers over one registry: any of them answers for every session, and a dead one's sessions move. SQLite stands
// for the shared database here; `npm run test:postgres` runs the same over Postgres.
import { createServer, type AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ProcessDriver } from '../drivers/process.ts';
import { send, testFolder } from '../testing/live-session.ts';
import { Client, LiveServer, until } from '../testing/live-server.ts';

const { folder, remove } = testFolder();
const availability = await new ProcessDriver(`${folder}/b`).probe();
afterAll(remove);

if (!availability.isAvailable) {
  process.stderr.write(`Several servers are not tested here: ${availability.reason}\n`);
  test.skip('no boxes here', () => undefined);
} else {
  describe('two servers over one registry', () => {
    const servers: LiveServer[] = [];
    let client: Client;
    const database = process.env['VERKLET_TEST_POSTGRES'];

    beforeAll(async () => {
      const ports = await freePorts(2);
      for (const port of ports) {
        servers.push(
          await LiveServer.start(folder, {
            VERKLET_PORT: String(port),
            VERKLET_PARENTS: ports.map((each) => `http://verklet.localhost:${each}`).join(' '),
            VERKLET_OWN_URL: `http://127.0.0.1:${port}`,
            ...(database === undefined ? {} : { VERKLET_DATABASE: database }),
          }),
        );
      }
      client = new Client(servers[0] as LiveServer);
      await client.open(`replicas-${Date.now()}`);
      await client.commit({ 'kept.txt': 'kept' });
    });
    afterAll(() => Promise.all(servers.map((server) => server.end('SIGTERM'))));

    test('the one that does not run a session passes questions, files and streams on', async () => {
      client.server = servers[1] as LiveServer;
      expect((await client.info()).root).toBe(client.root);
      await client.commit({ 'kept.txt': 'kept', 'more.txt': 'more' });
      await client.connect();
      const reading = client.start(['cat', 'kept.txt', 'more.txt']);
      expect(await reading.exit).toBe(0);
      expect(reading.output()).toBe('keptmore');
    });

    test('a preview is passed on, too', async () => {
      const { ticket } = await client.ask<{ ticket: string }>('POST', `/sessions/${client.id}/preview-ticket`, {
        port: 4322,
        workspace: label,
      });
      client.start(['node', '-e', "require('http').createServer((q,r)=>r.end('served')).listen(4322)"]);
      const port = Number(new URL((servers[1] as LiveServer).base).port);
      const host = `4322--${label}.preview.verklet.localhost`;
      const entered = await send(port, host, `/__verklet/enter?ticket=${ticket}`);
      const cookie = (entered.headers['set-cookie']?.[0] ?? '').split(';')[0] ?? '';
      await until(async () => (await send(port, host, '/', { headers: { cookie } })).text === 'served');
    });

    test('a session moves when its server is killed: its program goes on, its output arrives once', async () => {
      const counting = client.start(['sh', '-c', 'for i in $(seq 1 40); do echo $i; sleep 0.05; done']);
      await until(() => counting.output().includes('5\n'));
      await (servers.shift() as LiveServer).end('SIGKILL');
      let isConnected = false;
      await until(async () => {
        isConnected ||= await client.connect().then(
          () => true,
          () => false, // the dead one's lease is looked at with each attempt
        );
        return isConnected;
      });
      expect(await counting.exit).toBe(0);
      expect(counting.output()).toBe(`${Array.from({ length: 40 }, (_, index) => index + 1).join('\n')}\n`);
      expect(await client.names((await client.info()).root ?? '')).toEqual(['kept.txt', 'more.txt']);
    });
  });
}

const label = 'abcdefghijklmnopqrstuvwx';

async function freePorts(count: number): Promise<number[]> {
  const holders = await Promise.all(
    Array.from({ length: count }, async () => {
      const holder = createServer();
      await new Promise<void>((resolve) => holder.listen(0, '127.0.0.1', resolve));
      return holder;
    }),
  );
  const ports = holders.map((holder) => (holder.address() as AddressInfo).port);
  await Promise.all(holders.map((holder) => new Promise((resolve) => holder.close(resolve))));
  return ports;
}
