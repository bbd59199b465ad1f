import { forget, nextFreeAtMs, sliding, type SlidingLog } from './algorithms/sliding.ts';
import { refusal, type Draft, type Source, wholeMs } from './decision.ts';
import type { NamedRule } from './rules.ts';

/**
 * The check that most callers make, one unit under one sliding rule: what `decide` does, in one pass over the log. A property
 * test holds the two together. `rule.limit` must be at least 1.
 */
export function slideOnce(log: SlidingLog, rule: NamedRule, nowMs: number, source: Source): Draft {
  const { pairs } = log;
  const { limit, windowMs } = rule;
  if (pairs.length > 0 && pairs[log.head]! <= nowMs - windowMs) forget(log, nowMs - windowMs);
  const free = pairs.length === 0 ? limit : limit - pairs[pairs.length - 1]! + log.base;
  if (free < 1) {
    return refusal(rule, nextFreeAtMs(log, rule) - nowMs, source);
  }
  sliding.charge(log, rule, nowMs, 1);
  const resetMs = wholeMs(log.pairs[log.head]! + windowMs - nowMs);
  return { allowed: true, limit, remaining: free - 1, resetMs, retryAfterMs: 0, rule: rule.name, source };
}
