// Memory, CPU and process limits of a box through control groups, version 2 or 1, whichever this host lets us write.
import { appendFileSync, existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { BoxLimits } from './driver.ts';

const ROOT = '/sys/fs/cgroup';
const GROUP = 'verklet';
const PERIOD_US = 100_000;

export interface ControlGroup {
  add(pid: number): void;
  /** Bytes in use, or null where the memory controller is missing. */
  memoryBytes(): number | null;
  /** Pids in the group, as this host numbers them. */
  pids(): number[];
  remove(): void;
}

/** Null when no controller can be written: the caller falls back to resource limits and says so. */
export function createControlGroup(id: string, limits: BoxLimits): ControlGroup | null {
  return createUnified(id, limits) ?? createLegacy(id, limits);
}

function createUnified(id: string, limits: BoxLimits): ControlGroup | null {
  if (!existsSync(`${ROOT}/cgroup.controllers`)) return null;
  const parent = path.join(ROOT, GROUP);
  const folder = path.join(parent, id);
  try {
    mkdirSync(parent, { recursive: true });
    for (const base of [ROOT, parent]) writeFileSync(`${base}/cgroup.subtree_control`, '+memory +pids +cpu');
    mkdirSync(folder, { recursive: true });
    writeFileSync(`${folder}/memory.max`, String(limits.memoryBytes));
    writeFileSync(`${folder}/pids.max`, String(limits.processes));
    writeFileSync(`${folder}/cpu.max`, `${Math.round(limits.cpus * PERIOD_US)} ${PERIOD_US}`);
    return group([folder], `${folder}/memory.current`);
  } catch {
    return null; // not delegated to us, or without these controllers
  }
}

function createLegacy(id: string, limits: BoxLimits): ControlGroup | null {
  const settings: Record<string, readonly (readonly [file: string, value: string])[]> = {
    memory: [['memory.limit_in_bytes', String(limits.memoryBytes)]],
    pids: [['pids.max', String(limits.processes)]],
    cpu: [
      ['cpu.cfs_period_us', String(PERIOD_US)],
      ['cpu.cfs_quota_us', String(Math.round(limits.cpus * PERIOD_US))],
    ],
  };
  const folders: string[] = [];
  for (const [controller, files] of Object.entries(settings)) {
    const folder = path.join(ROOT, controller, GROUP, id);
    if (!existsSync(path.join(ROOT, controller))) continue;
    try {
      mkdirSync(folder, { recursive: true });
      for (const [file, value] of files) writeFileSync(path.join(folder, file), value);
      folders.push(folder);
    } catch {
      // this controller is not ours to write; the others may be
    }
  }
  if (!folders.some((folder) => folder.includes('/memory/'))) {
    for (const folder of folders) removeFolder(folder);
    return null;
  }
  return group(folders, path.join(ROOT, 'memory', GROUP, id, 'memory.usage_in_bytes'));
}

function group(folders: readonly string[], usageFile: string): ControlGroup {
  return {
    add: (pid) => {
      for (const folder of folders) appendFileSync(path.join(folder, 'cgroup.procs'), String(pid));
    },
    memoryBytes: () => {
      try {
        return Number(readFileSync(usageFile, 'utf8'));
      } catch {
        return null; // the box is gone
      }
    },
    pids: () => {
      try {
        return readFileSync(path.join(folders[0] ?? '', 'cgroup.procs'), 'utf8')
          .split('\n')
          .filter(Boolean)
          .map(Number);
      } catch {
        return []; // the box is gone
      }
    },
    remove: () => {
      for (const folder of folders) removeFolder(folder);
    },
  };
}

/** Finds the group of a box that an earlier server made. */
export function findControlGroup(id: string): ControlGroup | null {
  const unified = path.join(ROOT, GROUP, id);
  if (existsSync(path.join(unified, 'cgroup.procs'))) return group([unified], `${unified}/memory.current`);
  const legacy = ['memory', 'pids', 'cpu']
    .map((controller) => path.join(ROOT, controller, GROUP, id))
    .filter((folder) => existsSync(folder));
  return legacy.length > 0 ? group(legacy, path.join(ROOT, 'memory', GROUP, id, 'memory.usage_in_bytes')) : null;
}

function removeFolder(folder: string): void {
  try {
    rmdirSync(folder);
  } catch {
    // a process is still leaving; the next reap removes it
  }
}
