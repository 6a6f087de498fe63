// The link's one entry: frames, streams, endpoints. Runs everywhere.
export { decodeFrame, decodeJson, encodeFrame, encodeJson, MAX_FRAME_BYTES, type Frame } from './frames.ts';
export { LinkStream, WINDOW_BYTES, type StreamEvents } from './stream.ts';
export { LinkEndpoint } from './endpoint.ts';
export { encodeMarker, isMarker, encodePacket, MarkerFilter, PacketReader } from './byte-stream.ts';
