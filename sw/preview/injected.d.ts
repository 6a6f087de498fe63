// The module that vite.config.ts makes of preview-origin/injected.
declare module 'virtual:injected' {
  /** Body of a function with one parameter, `VERKLET_CONFIG`. */
  export const pageScript: string;
  export const workerScript: string;
}
