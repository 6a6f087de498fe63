// An expansion failed: the command does not run.
export class ExpansionError extends Error {}
