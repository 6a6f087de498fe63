// Reads the files of Python's offline pack for the store worker of the page, chunk by chunk. Runs in the runtime frame.
import { PACK_FOLDER, PACK_LIST_PATH, type FromPackReader, type ToPackReader } from '#protocol';

/** Answers on the port until the page takes the frame away. */
export function servePack(port: MessagePort): void {
  let reader: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>> | null = null;
  const answer = async ({ data }: MessageEvent<ToPackReader>): Promise<void> => {
    try {
      switch (data.type) {
        case 'open-pack-file':
          reader = await open(data.url);
          return;
        case 'read-pack-chunk': {
          const { done, value } = (await reader?.read()) ?? { done: true };
          return tell(value && !done ? { type: 'pack-chunk', bytes: value } : { type: 'pack-file-end' });
        }
        case 'close-pack-file':
          await reader?.cancel();
          reader = null;
          return;
        default:
          data satisfies never;
      }
    } catch (error) {
      reader = null;
      tell({ type: 'pack-failed', reason: error instanceof Error ? error.message : String(error) });
    }
  };
  let turn = Promise.resolve();
  port.addEventListener('message', (event: MessageEvent<ToPackReader>) => void (turn = turn.then(() => answer(event))));
  port.start();

  function tell(message: FromPackReader): void {
    port.postMessage(message, message.type === 'pack-chunk' ? [message.bytes.buffer] : []);
  }
}

async function open(url: string): Promise<ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>> {
  if (url !== PACK_LIST_PATH && !url.startsWith(PACK_FOLDER)) throw new Error(`${url} is not part of the pack`);
  // The list tells of a new version: the one of an hour ago would not.
  const response = await fetch(url, url === PACK_LIST_PATH ? { cache: 'no-cache' } : {});
  if (!response.ok || response.body === null) throw new Error(`${url} could not be loaded (${response.status})`);
  return response.body.getReader();
}
