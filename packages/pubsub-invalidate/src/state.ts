import type { BusState } from './events.ts';

/** Where a bus stands. */
export interface Standing {
  readonly state: BusState;
  /** A session is open and all its channels are acknowledged. */
  readonly sessionUp: boolean;
  /** What the publisher sends has come back at least once (or nobody asks for that proof). */
  readonly proven: boolean;
  /** What the next acknowledgement is the answer to. */
  readonly cause: 'reconnect' | 'silence';
  /** Since when messages may have been missed. */
  readonly doubtMs: number | undefined;
}

export type Change =
  | { readonly type: 'up' }
  | { readonly type: 'lost'; readonly reason: 'closed' | 'silence' }
  | { readonly type: 'connect-failed' }
  | { readonly type: 'echo' }
  | { readonly type: 'echo-missing' }
  | { readonly type: 'deaf' }
  | { readonly type: 'closed' };

export const firstStanding = (needsProof: boolean): Standing => ({
  state: 'starting',
  sessionUp: false,
  proven: !needsProof,
  cause: 'reconnect',
  doubtMs: undefined,
});

/** The next standing, and whether everything that is acknowledged must be cleared now. */
export function step(standing: Standing, change: Change, nowMs: number): { next: Standing; clear: boolean } {
  const { state, sessionUp, proven, doubtMs } = standing;
  if (state === 'closed') return { next: standing, clear: false };
  const doubt = { ...standing, doubtMs: doubtMs ?? nowMs };
  switch (change.type) {
    case 'up':
      // The owner clears each channel by its own acknowledgement, so nothing is left to clear here.
      return {
        next: { ...standing, sessionUp: true, state: proven ? 'live' : 'starting', doubtMs: undefined },
        clear: false,
      };
    case 'lost': {
      const cause = change.reason === 'silence' ? 'silence' : 'reconnect';
      const lost = { ...doubt, sessionUp: false, cause } as const;
      return { next: { ...lost, state: proven && state !== 'starting' ? 'suspect' : state }, clear: false };
    }
    case 'connect-failed':
      return { next: { ...doubt, state: 'down' }, clear: false };
    case 'echo': {
      if (!sessionUp) return { next: { ...standing, proven: true }, clear: false };
      const clear = state === 'suspect' || state === 'down';
      return { next: { ...standing, proven: true, state: 'live', doubtMs: undefined }, clear };
    }
    case 'echo-missing':
      return sessionUp && state === 'live'
        ? { next: { ...doubt, state: 'suspect' }, clear: false }
        : { next: standing, clear: false };
    case 'deaf':
      return sessionUp && !proven
        ? { next: { ...doubt, state: 'down' }, clear: false }
        : { next: standing, clear: false };
    case 'closed':
      return { next: { ...standing, sessionUp: false, state: 'closed' }, clear: false };
  }
}
