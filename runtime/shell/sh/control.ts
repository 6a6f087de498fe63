// Jumps out of the ordinary flow of a script.

/** `break` and `continue`: how many loops they still leave. */
export class LoopJump {
  readonly kind: 'break' | 'continue';
  readonly levels: number;

  constructor(kind: 'break' | 'continue', levels: number) {
    this.kind = kind;
    this.levels = levels;
  }
}

export class FunctionReturn {
  readonly status: number;

  constructor(status: number) {
    this.status = status;
  }
}

export class ShellExit {
  readonly status: number;

  constructor(status: number) {
    this.status = status;
  }
}

/** Ctrl-C at an interactive shell: everything up to the prompt is given up. */
export class Interrupted {
  readonly status = 130;
}
