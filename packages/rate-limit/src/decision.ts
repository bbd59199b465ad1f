/** Where an answer came from: the shared store, a remembered denial, this process, or the rule for an outage. */
export type Source = 'redis' | 'cache' | 'local' | 'open' | 'closed';

/** The answer to one check, to be read only: equal denials may be one object. Times are milliseconds, rounded up. */
export interface Decision {
  readonly allowed: boolean;
  /** The limit of `rule`. */
  readonly limit: number;
  /** Units free now, under all rules; never negative. */
  readonly remaining: number;
  /** Until `remaining` grows; 0 if nothing is used. */
  readonly resetMs: number;
  /** 0 if allowed; `Infinity` if the cost is above the limit. */
  readonly retryAfterMs: number;
  /** The rule that denied, or the one with the least left. */
  readonly rule: string;
  readonly source: Source;
}

/** A decision that nobody has seen yet. */
export type Draft = { -readonly [Name in keyof Decision]: Decision[Name] };

/** Whole milliseconds, upwards; what sums of fractions add at the millionth does not count. */
export const wholeMs = (ms: number): number => Math.max(0, Math.ceil(ms - 1e-6));

/** A denial with nothing left, until `waitMs` from now: by a block, a full log, a full table or the rule for an outage. */
export function refusal(rule: { name: string; limit: number }, waitMs: number, source: Source): Draft {
  const resetMs = wholeMs(waitMs);
  return { allowed: false, limit: rule.limit, remaining: 0, resetMs, retryAfterMs: resetMs, rule: rule.name, source };
}
