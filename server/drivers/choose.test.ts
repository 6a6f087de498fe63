// Which driver is taken, and what is said where none can be: the server starts all the same.
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { LiveServer } from '../testing/live-server.ts';
import { testFolder } from '../testing/live-session.ts';

const { folder, remove } = testFolder();
afterAll(remove);

/** As `bwrap` on a kernel that makes no user namespaces; other programs are not found. */
function pathWith(bwrap: string | null): string {
  const bin = path.join(folder, `bin-${bwrap === null ? 'none' : 'denied'}`);
  mkdirSync(bin, { recursive: true });
  if (bwrap !== null) {
    writeFileSync(path.join(bin, 'bwrap'), bwrap);
    chmodSync(path.join(bin, 'bwrap'), 0o755);
    writeFileSync(path.join(bin, 'prlimit'), '#!/bin/sh\nwhile [ "$1" != -- ]; do shift; done; shift; exec "$@"\n');
    chmodSync(path.join(bin, 'prlimit'), 0o755);
  }
  return bin;
}

const denied = `#!/bin/sh
[ "$1" = --version ] && exit 0
echo 'bwrap: No permissions to create new namespace, likely because the kernel does not allow it' >&2
exit 1
`;

test.each([
  ['without bubblewrap', null, 'bubblewrap (bwrap) is not installed'],
  ['without user namespaces', denied, 'No permissions to create new namespace'],
])('%s and without an engine the server serves everything but sessions, and says what is missing', async (_, bwrap, reason) => {
  const server = await LiveServer.start(folder, {
    VERKLET_DRIVER: 'auto',
    DOCKER_HOST: path.join(folder, 'no.sock'),
    PATH: pathWith(bwrap),
    VERKLET_BOXES: path.join(folder, `boxes-${bwrap === null}`),
  });
  try {
    const status = (await (await fetch(`${server.base}/-/v1/status`)).json()) as { sessions: string; reason: string };
    expect(status.sessions).toBe('unavailable');
    expect(status.reason).toContain('docker: no engine answers at');
    expect(status.reason).toContain(`process: `);
    expect(status.reason).toContain(reason);
    expect((await fetch(`${server.base}/-/health`)).status).toBe(200);
    const grant = await fetch(`${server.base}/-/v1/grants`, {
      method: 'POST',
      body: JSON.stringify({ projectId: 'p', workspaceKey: 'w', installationId: 'i' }),
    });
    const { token } = (await grant.json()) as { token: string };
    const refused = await fetch(`${server.base}/-/v1/sessions`, { method: 'POST', headers: { authorization: `Bearer ${token}` } });
    expect(refused.status).toBe(503);
    expect(await refused.json()).toMatchObject({ error: { code: 'ERR_NO_DRIVER' } });
  } finally {
    await server.end('SIGTERM');
  }
});
