// What the SDK says of promotion: its state, what it asks for, and the rules an embedder sets.
import type { LinkState, PromotionSignal } from '#protocol';
import type { SessionInfo } from './session-client.ts';

export type PromotionPolicy = 'allow' | 'deny' | 'ask';
/** What happens to programs of the tab when the workspace moves. */
export type RunningRule = 'continue' | 'restart' | 'stop';

export interface PromotionRequest {
  readonly id: string;
  readonly command: string;
  readonly signal: PromotionSignal;
  /** What would be looked at for sending; what the server has already is not sent. */
  readonly files: number;
  readonly sizeBytes: number;
}

export type PromotionState =
  /** No server, or one without sessions. */
  | { readonly type: 'unavailable'; readonly reason: string }
  | { readonly type: 'idle' }
  | {
      readonly type: 'starting';
      readonly signal: PromotionSignal;
      readonly step: 'grant' | 'session' | 'files' | 'prepare';
      readonly sentBytes: number;
    }
  | { readonly type: 'active'; readonly signal: PromotionSignal; readonly session: SessionInfo; readonly link: LinkState };
