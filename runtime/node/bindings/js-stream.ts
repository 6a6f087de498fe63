// The `js_stream` binding: a stream handle whose other side is JavaScript (TLS over a Duplex, `net` over a Duplex). Process worker.
import type { BindingFactory } from '../realm.ts';
import { UV_EOF } from './stream-base/errno.ts';
import { StreamHandle } from './stream-base/stream-handle.ts';
import { bufferOf, concatBytes, plainBytes } from './stream-base/text.ts';

class JSStreamHandle extends StreamHandle {
  declare onreadstart: () => number;
  declare onreadstop: () => number;
  declare onshutdown: (request: object) => number;
  declare onwrite: (request: object, buffers: unknown[]) => number;

  override readStart(): number {
    return this.onreadstart();
  }

  override readStop(): number {
    return this.onreadstop();
  }

  override shutdown(request: object): number {
    return this.onshutdown(request);
  }

  readBuffer(buffer: ArrayBufferView): void {
    this.emitChunk(buffer.byteLength, plainBytes(buffer));
  }

  emitEOF(): void {
    this.emitChunk(UV_EOF, null);
  }

  finishWrite(request: { oncomplete?: (status: number, handle: object, extra: undefined) => void }, status: number): void {
    this.realm.makeCallback(request, request.oncomplete, status, this, undefined);
  }

  finishShutdown(request: { oncomplete?: (status: number) => void }, status: number): void {
    this.realm.makeCallback(request, request.oncomplete, status);
  }

  protected override writeParts(request: object, parts: readonly Uint8Array[]): number {
    const bytes = concatBytes(parts);
    this.reportWrite(bytes.length, true);
    return this.onwrite(request, [bufferOf(this.realm).from(bytes)]);
  }
}

export const jsStream: BindingFactory = (realm, binding) => {
  binding['JSStream'] = class extends JSStreamHandle {
    static override readonly name = 'JSStream';
    constructor() {
      super(realm);
    }
  };
};
