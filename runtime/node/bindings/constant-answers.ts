// Small bindings whose answers do not change in this runtime. Runs in the process worker.
import type { BindingFactory, BindingObject, Realm } from '../realm.ts';

/** A plausible host's: what prebuilt packages ask for before they look for a WebAssembly build. */
const GLIBC_VERSION = '2.36';

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

export const report: BindingFactory = (realm, binding) => {
  binding['getReport'] = () => JSON.stringify(diagnosticReport(realm));
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

/** The part of a report that describes no native heap or stack. Packages read from it which C library their binaries need. */
function diagnosticReport(realm: Realm): Record<string, unknown> {
  const { process, shape } = realm;
  const now = new Date();
  return {
    header: {
      reportVersion: 5,
      event: 'JavaScript API',
      trigger: 'GetReport',
      filename: null,
      dumpEventTime: now.toISOString().replace(/\.\d+/, ''),
      dumpEventTimeStamp: String(now.getTime()),
      processId: realm.host.pid,
      threadId: 0,
      cwd: realm.cwd,
      commandLine: [process['execPath'], ...(process['execArgv'] as string[]), ...(process['argv'] as string[]).slice(1)],
      nodejsVersion: shape.version,
      glibcVersionRuntime: GLIBC_VERSION,
      glibcVersionCompiler: '2.28',
      wordSize: 64,
      arch: process['arch'],
      platform: process['platform'],
      componentVersions: shape.versions,
      release: process['release'],
      osName: 'Linux',
    },
    sharedObjects: [],
    workers: [],
    environmentVariables: { ...(process['env'] as Record<string, string>) },
  };
}

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
