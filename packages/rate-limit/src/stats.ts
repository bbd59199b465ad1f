import type { Decision } from './decision.ts';

/** Counters since creation, and gauges. Counters only grow. */
export interface RateLimitStats {
  readonly allowed: number;
  readonly denied: number;
  /** Checks that `shadow` let through although a rule denied them; also counted as allowed. */
  readonly shadowed: number;
  /** Answered from a remembered denial. */
  readonly cached: number;
  /** Answered by this process alone. */
  readonly local: number;
  /** Batches that the store did not answer within `timeoutMs`. */
  readonly timeouts: number;
  /** How often the store was given up. */
  readonly degraded: number;
  /** Calls to the store; one call carries all checks of an event-loop turn. */
  readonly calls: number;
  /** Units that were admitted here and told to the store afterwards. */
  readonly merged: number;
  /** Keys held in this process. */
  readonly keys: number;
  /** Keys that found no place because `maxKeys` were in use. */
  readonly refusedKeys: number;
  /** Among how many processes an outage divides the limit. */
  readonly workers: number;
}

export type Counters = { -readonly [Name in Exclude<keyof RateLimitStats, 'keys' | 'workers'>]: number };

export const createCounters = (): Counters => ({
  allowed: 0,
  denied: 0,
  shadowed: 0,
  cached: 0,
  local: 0,
  timeouts: 0,
  degraded: 0,
  calls: 0,
  merged: 0,
  refusedKeys: 0,
});

/** Counts one answer by its outcome and its source. */
export function countDecision(counters: Counters, decision: Decision): void {
  if (decision.allowed) counters.allowed++;
  else counters.denied++;
  if (decision.source === 'cache') counters.cached++;
  else if (decision.source === 'local') counters.local++;
}
