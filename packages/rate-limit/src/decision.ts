/** Where an answer came from: the shared store, a remembered denial, this process, or the rule for an outage. */
export type Source = 'redis' | 'cache' | 'local' | 'open' | 'closed';

/** The answer to one check. Times are milliseconds, rounded up. */
export interface Decision {
  allowed: boolean;
  /** The limit of `rule`. */
  limit: number;
  /** Units free now, under all rules; never negative. */
  remaining: number;
  /** Until `remaining` grows; 0 if nothing is used. */
  resetMs: number;
  /** 0 if allowed; `Infinity` if the cost is above the limit. */
  retryAfterMs: number;
  /** The rule that denied, or the one with the least left. */
  rule: string;
  source: Source;
}

/** Whole milliseconds, upwards; what sums of fractions add at the millionth does not count. */
export const wholeMs = (ms: number): number => Math.max(0, Math.ceil(ms - 1e-6));

/** A refusal that no amount of waiting or no knowledge can date: `retryAfterMs` says when to ask again. */
export const refusal = (rule: { name: string; limit: number }, waitMs: number, source: Source): Decision => ({
  allowed: false,
  limit: rule.limit,
  remaining: 0,
  resetMs: wholeMs(waitMs),
  retryAfterMs: wholeMs(waitMs),
  rule: rule.name,
  source,
});
