// The module that offline-files.ts makes at build time.
declare module 'virtual:offline-files' {
  export const offlineFiles: readonly { readonly url: string; readonly revision: string; readonly sizeBytes: number }[];
}
