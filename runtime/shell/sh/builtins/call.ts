// What a builtin gets.
import type { Interpreter } from '../interpreter.ts';

export interface BuiltinCall {
  readonly shell: Interpreter;
  readonly name: string;
  readonly args: readonly string[];
}

export type Builtin = (call: BuiltinCall) => number | Promise<number>;
