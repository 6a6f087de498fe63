// Which driver runs the boxes: the configured one, else the first that works here. Never a box without a sandbox.
import type { SessionConfig } from '../config.ts';
import { DockerDriver } from './docker.ts';
import type { Driver } from './driver.ts';
import { ProcessDriver } from './process.ts';

export interface DriverChoice {
  readonly driver: Driver | null;
  /** What the driver is, or why there is none and what to do. */
  readonly reason: string;
  /** Per driver that was tried, what it said. */
  readonly tried: Readonly<Record<string, string>>;
}

export async function chooseDriver(config: SessionConfig, serverId: string): Promise<DriverChoice> {
  if (config.driver === 'none') return { driver: null, reason: 'sessions are switched off by VERKLET_DRIVER=none', tried: {} };
  const tried: Record<string, string> = {};
  for (const driver of await candidates(config, serverId)) {
    const result = await driver.probe();
    tried[driver.name] = result.isAvailable ? result.detail : result.reason;
    if (result.isAvailable) return { driver, reason: result.detail, tried };
  }
  const reasons = Object.entries(tried).map(([name, reason]) => `${name}: ${reason}`);
  return { driver: null, reason: reasons.join('; '), tried };
}

/** Those that the configuration allows, in the order of preference. `serverId`: the same for all servers of a registry. */
export async function candidates(config: SessionConfig, serverId: string): Promise<Driver[]> {
  const docker = (): Driver => new DockerDriver({ ...config.docker, serverId });
  const process = (): Driver => new ProcessDriver(config.boxFolder);
  switch (config.driver) {
    case 'auto':
      return [docker(), process()];
    case 'docker':
      return [docker()];
    case 'process':
      return [process()];
    case 'kubernetes': {
      // Large, and of use to few: loaded by those who have a cluster.
      const { KubernetesDriver } = await import('./kubernetes.ts');
      return [new KubernetesDriver({ ...config.kubernetes, serverId })];
    }
    case 'none':
      return [];
    default:
      return config.driver satisfies never;
  }
}
