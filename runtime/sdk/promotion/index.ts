// Promotion's one entry for the SDK.
export { Promotion, type PromotionPolicy, type PromotionRequest, type PromotionState, type RunningRule } from './promotion.ts';
export type { QueuedCommand } from './queue.ts';
export type { GrantInput, GrantOption, SessionInfo } from './session-client.ts';
export type { Conflict } from './workspace-sync.ts';
