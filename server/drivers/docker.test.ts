// The Docker driver against a real engine, named by VERKLET_TEST_DOCKER (`npm run test:docker` starts one of its own).
import { test } from 'vitest';
import { driverConformance } from './conformance.ts';
import { DockerDriver } from './docker.ts';

const socket = process.env['VERKLET_TEST_DOCKER'];
const driver = new DockerDriver({ host: socket ?? '', image: 'verklet/test:1', runtime: 'runc', serverId: `test-${process.pid}` });

if (socket === undefined) {
  process.stderr.write('The Docker driver is not tested: no engine named by VERKLET_TEST_DOCKER; `npm run test:docker` starts one\n');
  test.skip('no engine', () => undefined);
} else driverConformance('docker', () => driver);
