// The hidden frame of a runtime: made, awaited, handed one end of a channel. Page side; the frame is another origin.
import * as v from 'valibot';
import { fromErrorData, isErrorCode, PROTOCOL_VERSION, VerkletError, type ConnectMessage, type ErrorCode, type Isolation } from '#protocol';

export interface FrameConnection {
  readonly frame: HTMLIFrameElement;
  readonly port: MessagePort;
  readonly isolation: Isolation;
}

export interface FrameOptions {
  /** Origin of the workspace, as `http://abc.preview.example.com`. */
  readonly origin: string;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

const FRAME_PATH = '/__verklet/frame.html';

const errorData = v.object({
  code: v.custom<ErrorCode>(isErrorCode),
  message: v.string(),
  details: v.record(v.string(), v.union([v.string(), v.number(), v.boolean(), v.null()])),
});
const fromFrame = v.variant('type', [
  v.object({ type: v.literal('frame-ready'), protocolVersion: v.number(), isolation: v.picklist(['coop-coep', 'dip', 'none']) }),
  v.object({ type: v.literal('frame-failed'), error: errorData }),
]);

/** Loads the frame and connects. Rejects with a coded error, and then leaves nothing behind. */
export async function connectFrame(options: FrameOptions): Promise<FrameConnection> {
  const { frame, isolation } = await openFrame(options);
  const channel = new MessageChannel();
  const connect: ConnectMessage = { type: 'connect-runtime', protocolVersion: PROTOCOL_VERSION };
  frame.contentWindow?.postMessage(connect, options.origin, [channel.port2]);
  return { frame, port: channel.port1, isolation };
}

/** Loads the frame only. Rejects as {@link connectFrame}. */
export async function openFrame({ origin, timeoutMs, signal }: FrameOptions): Promise<Omit<FrameConnection, 'port'>> {
  signal?.throwIfAborted();
  const url = `${origin}${FRAME_PATH}`;
  const frame = document.createElement('iframe');
  frame.hidden = true;
  frame.title = 'Verklet runtime';
  frame.allow = 'cross-origin-isolated';
  frame.src = url;
  try {
    const isolation = await awaitReady(frame, { origin, url, timeoutMs, ...(signal ? { signal } : {}) });
    return { frame, isolation };
  } catch (error) {
    frame.remove();
    throw error;
  }
}

function awaitReady(frame: HTMLIFrameElement, options: FrameOptions & { readonly url: string }): Promise<Isolation> {
  const { origin, url, timeoutMs, signal } = options;
  return new Promise((resolve, reject) => {
    const listening = new AbortController();
    const settle = (finish: () => void): void => {
      listening.abort();
      clearTimeout(timer);
      finish();
    };
    const timer = setTimeout(() => settle(() => reject(new VerkletError('ERR_FRAME_UNREACHABLE', { url, timeoutMs }))), timeoutMs);
    signal?.addEventListener(
      'abort',
      () => settle(() => reject(new VerkletError('ERR_ABORTED', { what: 'The boot' }, { cause: signal.reason }))),
      { signal: listening.signal },
    );
    addEventListener(
      'message',
      (event: MessageEvent<unknown>) => {
        if (event.source !== frame.contentWindow || event.origin !== origin) return;
        const parsed = v.safeParse(fromFrame, event.data);
        if (!parsed.success) return;
        const message = parsed.output;
        if (message.type === 'frame-failed') return settle(() => reject(fromErrorData(message.error)));
        if (message.protocolVersion !== PROTOCOL_VERSION) {
          return settle(() =>
            reject(new VerkletError('ERR_PROTOCOL_VERSION', { ours: PROTOCOL_VERSION, theirs: message.protocolVersion })),
          );
        }
        settle(() => resolve(message.isolation));
      },
      { signal: listening.signal },
    );
    document.body.append(frame);
  });
}
