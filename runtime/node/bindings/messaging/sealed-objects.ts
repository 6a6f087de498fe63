// What stands in a sealed message for something that the receiver makes anew. Runs in the process worker.

/** A port of the message, by its place among the message's ports. */
export class PortReference {
  readonly index: number;
  constructor(index: number) {
    this.index = index;
  }
}

/** An object that Node's library writes and reads itself (`module:Constructor` and its data). */
export class NodeObject {
  readonly deserializeInfo: string;
  readonly data: unknown;
  constructor(deserializeInfo: string, data: unknown) {
    this.deserializeInfo = deserializeInfo;
    this.data = data;
  }
}
