// The Kubernetes driver against a fake API server on loopback, whose pods run boxed on this host. A real cluster is not
// reached by this test: what the fake cannot show (scheduling, quotas, policies that are enforced) is not shown.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { KubeConfig, loadAllYaml } from '@kubernetes/client-node';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { testFolder } from '../testing/live-session.ts';
import { driverConformance, TestBox } from './conformance.ts';
import { DEFAULT_LIMITS } from './driver.ts';
import { KubernetesDriver, type KubernetesOptions } from './kubernetes.ts';
import { ProcessDriver } from './process.ts';
import { FakeCluster } from './testing/fake-cluster.ts';

const { folder, remove } = testFolder();
const node = new ProcessDriver(`${folder}/b`);
const availability = await node.probe();
afterAll(remove);
process.stderr.write('The Kubernetes driver is tested against a fake API server; no cluster was reached\n');

const OPTIONS: KubernetesOptions = {
  namespace: 'boxes',
  image: 'verklet/box:latest',
  runtimeClass: 'gvisor',
  allowsSharedKernel: false,
  serverId: `test-${process.pid}`,
};

function driverOf(cluster: FakeCluster, more: Partial<KubernetesOptions> = {}): KubernetesDriver {
  const config = new KubeConfig();
  config.loadFromString(cluster.kubeconfig);
  return new KubernetesDriver({ ...OPTIONS, ...more }, config);
}

if (!availability.isAvailable) {
  process.stderr.write(`Pods do not run here: ${availability.reason}\n`);
  test.skip('no boxes here', () => undefined);
} else {
  const shared = await FakeCluster.start(node);
  afterAll(() => shared.close());
  driverConformance('kubernetes', () => driverOf(shared));

  describe('the Kubernetes driver', () => {
    let cluster: FakeCluster;
    beforeAll(async () => {
      cluster = await FakeCluster.start(node, 'v4.channel.k8s.io');
    });
    afterAll(() => cluster.close());

    test('refuses to run boxes without a kernel of their own, unless it is told to', async () => {
      expect(await driverOf(cluster, { runtimeClass: null }).probe()).toMatchObject({
        isAvailable: false,
        reason: /VERKLET_RUNTIME_CLASS/,
      });
      const start = driverOf(cluster, { runtimeClass: null }).start({ id: 'a', limits: DEFAULT_LIMITS, env: {} });
      await expect(start).rejects.toMatchObject({ code: 'ERR_BOX_FAILED' });
      expect(await driverOf(cluster, { runtimeClass: 'kata' }).probe()).toMatchObject({
        isAvailable: false,
        reason: /no runtime class kata/,
      });
      expect(await driverOf(cluster, { runtimeClass: null, allowsSharedKernel: true }).probe()).toMatchObject({ isAvailable: true });
      expect(cluster.asked).toEqual([]);
    });

    test('refuses a namespace whose boxes are not cut off', async () => {
      const { policies } = cluster;
      for (const hole of [
        [],
        [{ spec: { podSelector: {}, policyTypes: ['Ingress'] } }],
        [{ spec: { podSelector: {}, policyTypes: ['Ingress', 'Egress'], egress: [{}] } }],
      ]) {
        cluster.policies = hole;
        expect(await driverOf(cluster).probe()).toMatchObject({ isAvailable: false, reason: expect.stringMatching(/NetworkPolicy/) });
      }
      cluster.policies = policies;
      expect(await driverOf(cluster).probe()).toMatchObject({ isAvailable: true });
      expect(await driverOf(cluster, { namespace: 'other' }).probe()).toMatchObject({
        isAvailable: false,
        reason: expect.stringMatching(/forbidden/),
      });
    });

    test('takes the policy and the runtime class of deploy/kubernetes as they are', async () => {
      const text = readFileSync(path.join(import.meta.dirname, '../../deploy/kubernetes/boxes.yaml'), 'utf8');
      const { policies } = cluster;
      const objects = loadAllYaml(text) as { kind: string; metadata: { name: string } }[];
      cluster.policies = objects.filter(({ kind }) => kind === 'NetworkPolicy');
      const runtimeClass = objects.find(({ kind }) => kind === 'RuntimeClass')?.metadata.name ?? '';
      expect(await driverOf(cluster, { runtimeClass }).probe()).toMatchObject({ isAvailable: true });
      cluster.policies = policies;
    });

    test('asks for a pod with nothing it could use against its node', async () => {
      const driver = driverOf(cluster);
      const box = await TestBox.start(driver);
      const { spec } = cluster.asked.at(-1) ?? {};
      expect(spec).toMatchObject({
        runtimeClassName: 'gvisor',
        automountServiceAccountToken: false,
        enableServiceLinks: false,
        restartPolicy: 'Never',
        securityContext: { runAsNonRoot: true, runAsUser: 1000, seccompProfile: { type: 'RuntimeDefault' } },
      });
      expect(spec?.hostNetwork ?? spec?.hostPID ?? spec?.hostIPC).toBeUndefined();
      expect(spec?.volumes?.every(({ emptyDir }) => emptyDir?.sizeLimit !== undefined)).toBe(true);
      expect(spec?.containers[0]?.securityContext).toEqual({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        privileged: false,
        capabilities: { drop: ['ALL'] },
      });
      expect(Object.keys(spec?.containers[0]?.resources?.limits ?? {}).sort()).toEqual(['cpu', 'ephemeral-storage', 'memory']);
      await box.stop();
      expect(cluster.podNames).toEqual([]);
    });

    test('says that a pod ended, over a watch that was dropped meanwhile', async () => {
      const driver = driverOf(cluster);
      const box = await TestBox.start(driver);
      cluster.dropWatches();
      const [name = ''] = cluster.podNames;
      const removal = driver.adopt(name).then((found) => found?.stop());
      expect(await box.box.ended).toMatch(/pod/);
      await removal;
    });

    test('another server’s pods are left alone', async () => {
      const mine = await TestBox.start(driverOf(cluster));
      expect(await driverOf(cluster, { serverId: 'other' }).reap(new Set())).toBe(0);
      expect(cluster.podNames).toHaveLength(1);
      await mine.stop();
    });
  });
}
