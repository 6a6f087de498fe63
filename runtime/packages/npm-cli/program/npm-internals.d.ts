// Modules inside the npm package, which ship no types. Resolved by build/bundle.ts.
declare module 'npm:minipass' {
  export class Minipass {
    emit(event: string, value?: unknown): boolean;
    end(content: Uint8Array): this;
    on(event: string, listener: (...args: never[]) => void): this;
    pipe<T>(target: T, options?: object): T;
    resume(): void;
  }
}
declare module 'npm:minipass-fetch' {
  const fetch: {
    Response: new (body: unknown, init: Record<string, unknown>) => object;
    FetchError: unknown;
    Headers: unknown;
    Request: unknown;
  };
  export default fetch;
}
declare module 'npm:ssri' {
  const ssri: {
    parse(integrity: unknown): { toString(): string };
    fromData(content: Uint8Array): unknown;
    checkData(content: Uint8Array, integrity: unknown): unknown;
  };
  export default ssri;
}
declare module 'npm:proc-log' {
  export const log: Record<'silly' | 'notice' | 'warn' | 'info' | 'error', (prefix: string, ...message: unknown[]) => void>;
}
declare module 'npm:npm-registry-fetch' {
  export default function fetch(url: string, options: Record<string, unknown>): Promise<object>;
}
declare module 'npm:pacote/lib/registry.js' {
  const fetcher: { prototype: { extract: unknown } };
  export default fetcher;
}
declare module 'npm:pacote/lib/remote.js' {
  const fetcher: { prototype: { extract: unknown } };
  export default fetcher;
}
declare module 'npm:lib/cli/entry.js' {
  export default function entry(process: NodeJS.Process, engines: Record<string, unknown>): Promise<void>;
}
declare module 'npm:bin/npx-cli.js';
declare module 'npm:pacote/lib/fetcher.js';
declare module 'npm:@npmcli/arborist' {
  const Arborist: { readonly prototype: object };
  export default Arborist;
}
