/** What the pool knows about a connection without asking the server. */
export interface Facts {
  readonly lost: unknown;
  readonly expiresAtMs: number;
  readonly epoch: number;
  readonly verified: number;
  readonly idleSinceMs: number;
}

/** What the pool asks of every connection at this moment. */
export interface Demands {
  /** Raised by `invalidate()`: older connections are replaced. */
  readonly epoch: number;
  /** Raised by every lost connection: what has not answered since is asked before it is lent again. */
  readonly suspicion: number;
  /** `Infinity`: never ask for idle time alone; 0: always. */
  readonly pingAfterIdleMs: number;
}

export type Fitness = 'ready' | 'ping' | 'discard';

/** May this connection be lent? Pure: no clock, no I/O. */
export function fitness(facts: Facts, demands: Demands, nowMs: number): Fitness {
  if (facts.lost !== undefined || facts.epoch !== demands.epoch || nowMs >= facts.expiresAtMs) return 'discard';
  if (facts.verified !== demands.suspicion) return 'ping';
  return nowMs - facts.idleSinceMs >= demands.pingAfterIdleMs ? 'ping' : 'ready';
}

/**
 * When a connection made now is replaced: after `recycleMs`, up to the share `jitter` earlier, never later. Without the
 * jitter a pool filled at start is replaced in one stroke an hour later, TLS handshakes and all.
 */
export function expiresAtMs(nowMs: number, recycleMs: number, jitter: number, random: () => number): number {
  return nowMs + recycleMs * (1 - jitter * random());
}

/** The reason for a verdict of `discard`, for the event. */
export function whyUnfit(facts: Facts, demands: Demands): 'lost' | 'invalidated' | 'expired' {
  if (facts.lost !== undefined) return 'lost';
  return facts.epoch === demands.epoch ? 'expired' : 'invalidated';
}
