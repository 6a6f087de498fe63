// The engine's death: SIGKILL of dockerd under a session. Its own engine, because it is killed; `npm run test:docker`.
import Docker from 'dockerode';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { testFolder } from '../testing/live-session.ts';
import { Client, LiveServer, until } from '../testing/live-server.ts';
import { makeTestImage } from './testing/test-image.ts';
import { OwnEngine } from './testing/own-engine.ts';

const IMAGE = 'verklet/test:1';
const isWanted = process.env['VERKLET_TEST_DOCKER'] !== undefined;
const { folder, remove } = testFolder();
afterAll(remove);

if (!isWanted || OwnEngine.missing() !== null) {
  process.stderr.write('The death of a Docker engine is not tested: `npm run test:docker` does\n');
  test.skip('no engine of our own', () => undefined);
} else {
  describe('a session whose engine is killed', () => {
    let engine: OwnEngine;
    let server: LiveServer;
    let client: Client;
    beforeAll(async () => {
      engine = await OwnEngine.start();
      await makeTestImage(engine.socket, IMAGE);
      server = await LiveServer.start(folder, { VERKLET_DRIVER: 'docker', DOCKER_HOST: engine.socket, VERKLET_IMAGE: IMAGE });
      client = new Client(server);
      await client.open('w');
      await client.commit({ 'kept.txt': 'kept' });
      await client.connect();
      const made = client.start(['sh', '-c', 'echo made > made.txt']);
      expect(await made.exit).toBe(0);
      await until(async () => (await client.names((await client.info()).root ?? '')).includes('made.txt'));
    }, 180_000);
    afterAll(async () => {
      await server.end('SIGTERM');
      await engine.close();
    }, 60_000);

    test('says so with a code, and so does a new one while there is no engine', async () => {
      await engine.end('SIGKILL');
      await until(() =>
        client.info().then(
          () => false,
          (error: { status?: number }) => error.status === 404,
        ),
      );
      const other = new Client(server);
      await expect(other.open('w')).rejects.toMatchObject({ status: 503 });
    }, 60_000);

    test('has its files in the next one once the engine is back, and no box is left over', async () => {
      await engine.launch();
      const next = new Client(server);
      await next.open('w');
      await next.connect();
      const reading = next.start(['cat', 'kept.txt', 'made.txt']);
      expect(await reading.exit).toBe(0);
      expect(reading.output()).toBe('keptmade\n');
      await next.ask('DELETE', `/sessions/${next.id}`);
      const docker = new Docker({ socketPath: engine.socket });
      // The box of the first one is ended by the server's next round.
      for (let tries = 0; tries < 60 && (await docker.listContainers({ all: true })).length > 0; tries++)
        await new Promise((resolve) => setTimeout(resolve, 500));
      expect(await docker.listContainers({ all: true })).toEqual([]);
    }, 120_000);
  });
}
