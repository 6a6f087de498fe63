// Promotion's one entry for the SDK.
export { Promotion } from './promotion.ts';
export type { PromotionPolicy, PromotionRequest, PromotionState, RunningRule } from './promotion-state.ts';
export type { QueuedCommand } from './queue.ts';
export type { GrantInput, GrantOption, SessionInfo } from './session-client.ts';
export type { Conflict } from './workspace-sync.ts';
