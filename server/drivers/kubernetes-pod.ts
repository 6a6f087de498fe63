// The pod of a box: nothing that a program of ours needs is left in it, and what the cluster can enforce is asked for.
import type { V1Pod } from '@kubernetes/client-node';
import { BOX_ENV, type BoxSpec } from './driver.ts';

export const SERVER_LABEL = 'app.verklet/server';
export const SESSION_LABEL = 'app.verklet/session';
/** What the NetworkPolicy of `deploy/kubernetes` selects. */
export const BOX_LABEL = 'app.verklet/box';
export const CONTAINER = 'box';
/** Where the agent listens inside; each connection is an `exec` that joins its stdio to it. */
const SOCKET = '/tmp/.verklet-agent.sock';

/** Runs in the pod with the image's Node. A pod counts as running before its agent listens: tried for a while. */
export const CONNECT_COMMAND: readonly string[] = [
  'node',
  '-e',
  `const join = (tries) => {
     const s = require('net').connect('${SOCKET}');
     s.on('error', (e) => {
       if (tries < 200 && (e.code === 'ENOENT' || e.code === 'ECONNREFUSED')) return setTimeout(join, 50, tries + 1);
       process.stderr.write(String(e));
       process.exit(1);
     });
     s.on('connect', () => {
       s.on('close', () => process.exit(0));
       process.stdin.on('end', () => s.destroy());
       process.stdin.pipe(s).pipe(process.stdout);
     });
   };
   join(0);`,
];

export interface PodOptions {
  readonly serverId: string;
  readonly image: string;
  /** Null: the cluster's default runtime, which the operator has allowed. */
  readonly runtimeClass: string | null;
  readonly agent: string;
}

export function podOf({ id, limits, env }: BoxSpec, { serverId, image, runtimeClass, agent }: PodOptions): V1Pod {
  const variables = { ...BOX_ENV, VERKLET_SOCKET: SOCKET, VERKLET_ENV: JSON.stringify({ ...BOX_ENV, ...env }) };
  const mounts = { work: '/workdir', home: '/home/user', scratch: '/tmp' };
  const resources = {
    cpu: `${Math.round(limits.cpus * 1000)}m`,
    memory: String(limits.memoryBytes),
    'ephemeral-storage': String(limits.diskBytes),
  };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: `verklet-${id}`, labels: { [SERVER_LABEL]: serverId, [SESSION_LABEL]: id, [BOX_LABEL]: 'true' } },
    spec: {
      ...(runtimeClass === null ? {} : { runtimeClassName: runtimeClass }),
      restartPolicy: 'Never',
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      terminationGracePeriodSeconds: 0,
      hostname: 'verklet',
      // No names either: a resolver answers questions, and questions carry data.
      dnsPolicy: 'None',
      dnsConfig: { nameservers: ['127.0.0.1'] },
      securityContext: {
        runAsNonRoot: true,
        runAsUser: 1000,
        runAsGroup: 1000,
        fsGroup: 1000,
        seccompProfile: { type: 'RuntimeDefault' },
      },
      containers: [
        {
          name: CONTAINER,
          image,
          imagePullPolicy: 'IfNotPresent',
          command: ['node', '--disable-warning=ExperimentalWarning', '--input-type=module', '-e', agent],
          env: Object.entries(variables).map(([name, value]) => ({ name, value })),
          workingDir: '/workdir',
          // A box never gets less than it may use: the scheduler counts it as that.
          resources: { limits: resources, requests: { ...resources, cpu: `${Math.round(limits.cpus * 250)}m` } },
          securityContext: {
            allowPrivilegeEscalation: false,
            readOnlyRootFilesystem: true,
            privileged: false,
            capabilities: { drop: ['ALL'] },
          },
          volumeMounts: Object.entries(mounts).map(([name, mountPath]) => ({ name, mountPath })),
        },
      ],
      volumes: Object.keys(mounts).map((name) => ({ name, emptyDir: { sizeLimit: String(limits.diskBytes) } })),
    },
  };
}
