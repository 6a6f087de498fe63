// Small bindings whose answers do not change in this runtime. Runs in the process worker.
import type { BindingFactory, BindingObject } from '../realm.ts';

const nothing = (): void => {};

function answer(binding: BindingObject, names: readonly string[], reply: (...args: never[]) => unknown): void {
  for (const name of names) binding[name] = reply;
}

export const config: BindingFactory = (_realm, binding) => {
  Object.assign(binding, { hasInspector: false, hasTracing: false, noBrowserGlobals: false, fipsMode: false });
  binding['getDefaultLocale'] = () => 'en-US';
};

export const mksnapshot: BindingFactory = (_realm, binding) => {
  answer(binding, ['setSerializeCallback', 'setDeserializeCallback', 'setDeserializeMainFunction', 'runEmbedderPreload'], nothing);
  binding['isBuildingSnapshotBuffer'] = new Uint8Array(1);
};

export const permission: BindingFactory = (_realm, binding) => {
  binding['has'] = () => true;
};

export const report: BindingFactory = (_realm, binding) => {
  const off = [
    'getCompact',
    'getExcludeNetwork',
    'getExcludeEnv',
    'shouldReportOnFatalError',
    'shouldReportOnSignal',
    'shouldReportOnUncaughtException',
  ];
  answer(binding, off, () => false);
  answer(binding, ['getDirectory', 'getFilename'], () => '');
  binding['getSignal'] = () => 'SIGUSR2';
  const setters = ['setCompact', 'setExcludeNetwork', 'setExcludeEnv', 'setDirectory', 'setFilename', 'setSignal', 'setReportOnFatalError'];
  answer(binding, [...setters, 'setReportOnSignal', 'setReportOnUncaughtException'], nothing);
};

export const sea: BindingFactory = (_realm, binding) => {
  answer(binding, ['isSea', 'isExperimentalSeaWarningNeeded'], () => false);
  answer(binding, ['getAsset'], () => undefined);
};

export const traceEvents: BindingFactory = (_realm, binding) => {
  binding['available'] = false;
  binding['getEnabledCategories'] = () => undefined;
  binding['getCategoryEnabledBuffer'] = () => new Uint8Array(1);
  binding['isTraceCategoryEnabled'] = () => false;
  answer(binding, ['setTraceCategoryStateUpdateHandler', 'trace'], nothing);
};

export const profiler: BindingFactory = (_realm, binding) => {
  answer(binding, ['setCoverageDirectory', 'setSourceMapCacheGetter', 'endCoverage'], nothing);
};

/** Threads report themselves through the worker binding: this process's first thread. */
export const mainThread: BindingFactory = (_realm, binding) => {
  Object.assign(binding, { isMainThread: true, isInternalThread: false, ownsProcessState: true, threadId: 0, threadName: 'main' });
  binding['getEnvMessagePort'] = () => undefined;
};
