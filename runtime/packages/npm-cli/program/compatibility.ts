// Hooks the compat table into npm's reification: native packages are refused before anything is written, and stand-ins are placed
// before executables are linked. Runs in a Node process.
import Arborist from 'npm:@npmcli/arborist';
import { log } from 'npm:proc-log';
import type { WantedPackage } from '../../compat/native.ts';
import type { InstalledPackage } from '../../compat/stand-ins.ts';
import type { InstallTransaction } from '../../transaction.ts';
import { takeDoor } from './take-door.ts';

interface TreeNode {
  readonly path: string;
  readonly location: string;
  readonly packageName: string | null;
  readonly name: string;
  readonly version: string;
  readonly isLink: boolean;
  readonly isProjectRoot: boolean;
  readonly optional: boolean;
  readonly inert?: boolean;
}

interface Difference {
  readonly action: 'ADD' | 'CHANGE' | 'REMOVE' | null;
  readonly ideal: TreeNode | undefined;
}

interface Reifier {
  readonly path: string;
  readonly options: { readonly dryRun?: boolean; readonly packageLockOnly?: boolean; readonly force?: boolean };
  readonly diff: { readonly leaves: readonly Difference[] } | undefined;
  readonly idealTree: { readonly inventory: ReadonlyMap<string, TreeNode> };
}

type Step = (this: Reifier, ...args: unknown[]) => Promise<unknown>;

/** Steps of npm's reification, which it names by registered symbols. */
const RETIRE = Symbol.for('retireShallowNodes');
const BUILD = Symbol.for('build');

let transaction: InstallTransaction | null = null;

/** Called once, before any command runs. */
export function installCompatibility(): void {
  const steps = Arborist.prototype as unknown as Record<symbol | 'reify', Step>;
  steps.reify = wholly(steps.reify);
  before(steps, RETIRE, beforeWriting);
  before(steps, BUILD, placeStandIns);
}

/** The tree is as it was when the installation fails, and the file service makes it so when this process is killed. */
function wholly(reify: Step): Step {
  return async function (...args) {
    try {
      const result = await reify.apply(this, args);
      transaction?.commit();
      return result;
    } catch (error) {
      transaction?.rollBack();
      throw error;
    } finally {
      transaction = null;
    }
  };
}

function before(steps: Record<symbol, Step>, name: symbol, work: (reifier: Reifier) => Promise<void>): void {
  const step = steps[name];
  if (step === undefined) throw new Error(`npm's reification has no step ${String(name)}`);
  steps[name] = async function (...args) {
    await work(this);
    return step.apply(this, args);
  };
}

async function beforeWriting({ diff, options, path }: Reifier): Promise<void> {
  if (options.force !== true) await refuse(diff);
  // Nested installations (a git dependency is prepared in one) are part of the outer one.
  if ((diff?.leaves.length ?? 0) > 0) transaction ??= takeDoor().beginInstall(path);
}

async function refuse(diff: Reifier['diff']): Promise<void> {
  const added = (diff?.leaves ?? []).flatMap(({ action, ideal }): WantedPackage[] =>
    (action === 'ADD' || action === 'CHANGE') && ideal !== undefined && isPackage(ideal)
      ? [{ name: nameOf(ideal), version: ideal.version, isOptional: ideal.optional }]
      : [],
  );
  const refusal = await takeDoor().refuseNative(added);
  if (refusal !== null) throw refusal;
  for (const notice of takeDoor().nativeCommands(added))
    log.warn('native', `the commands of ${notice.package} need a server session: ${notice.because}`);
}

async function placeStandIns({ path, idealTree }: Reifier): Promise<void> {
  const packages = [...idealTree.inventory.values()]
    .filter(isPackage)
    .map((node): InstalledPackage => ({ folder: node.location, name: nameOf(node), version: node.version }));
  for (const one of await takeDoor().placeStandIns(path, packages)) log.notice('', `${one.package} runs as ${one.standIn}: ${one.because}`);
}

function isPackage(node: TreeNode): boolean {
  return !node.isLink && !node.isProjectRoot && node.inert !== true && node.location.includes('node_modules/');
}

function nameOf(node: TreeNode): string {
  return node.packageName ?? node.name;
}
