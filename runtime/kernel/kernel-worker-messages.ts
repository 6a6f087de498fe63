// Messages between the runtime frame and its kernel worker; same origin, types suffice.

/** Runtime frame -> kernel worker. */
export type ToKernelWorker =
  | { readonly type: 'start-kernel'; readonly port: MessagePort }
  /** One end of a fresh channel whose other end went to the bridge of `port`. */
  | { readonly type: 'attach-preview'; readonly port: number; readonly channel: MessagePort };

/** Kernel worker -> runtime frame. */
export type FromKernelWorker =
  | { readonly type: 'port-opened'; readonly port: number }
  | { readonly type: 'port-closed'; readonly port: number }
  | { readonly type: 'kernel-disposed' };
