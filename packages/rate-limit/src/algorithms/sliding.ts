import { type NamedRule, sliceMs } from '../rules.ts';
import type { Algorithm } from './algorithm.ts';

/**
 * The exact log of a key, run-length encoded: pairs of (time, units counted up to and including it).
 * The units in the window are the last total minus `base`, the total of what has left; a check of any cost is one pair.
 */
export interface SlidingLog {
  pairs: number[];
  /** Index of the oldest pair that is still in the window. */
  head: number;
  base: number;
}

const lastTime = (log: SlidingLog): number => log.pairs[log.pairs.length - 2]!;
const used = (log: SlidingLog): number =>
  log.head < log.pairs.length ? log.pairs[log.pairs.length - 1]! - log.base : 0;

/** Drops what was counted at or before `edgeMs`. */
export function forget(log: SlidingLog, edgeMs: number): void {
  const { pairs } = log;
  let { head } = log;
  if (head >= pairs.length || pairs[head]! > edgeMs) return;
  while (head < pairs.length && pairs[head]! <= edgeMs) head += 2;
  if (head >= pairs.length) {
    pairs.length = 0;
    log.head = 0;
    log.base = 0;
    return;
  }
  log.base = pairs[head - 1]!;
  if (head >= 128 && head * 2 >= pairs.length) {
    // By hand: copyWithin on an array of numbers takes several times as long.
    const kept = pairs.length - head;
    for (let index = 0; index < kept; index++) pairs[index] = pairs[index + head]!;
    pairs.length = kept;
    head = 0;
  }
  log.head = head;
}

/** Index of the pair with which at least `units` of the oldest units have left the window. */
function pairThatFrees(log: SlidingLog, units: number): number {
  const { pairs, base } = log;
  let low = log.head >> 1;
  let high = (pairs.length >> 1) - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (pairs[middle * 2 + 1]! - base >= units) high = middle;
    else low = middle + 1;
  }
  return low * 2;
}

/** At most `limit` units in any half-open interval of `windowMs`. Above 4,096 a unit may leave up to 1/64 of the window late. */
export const sliding: Algorithm<SlidingLog> = {
  create: () => ({ pairs: [], head: 0, base: 0 }),

  free(log, rule, nowMs) {
    forget(log, nowMs - rule.windowMs);
    return rule.limit - used(log);
  },

  charge(log, rule, nowMs, units) {
    const { pairs } = log;
    if (pairs.length === 0) {
      log.pairs = [nowMs, units];
      return;
    }
    const last = lastTime(log);
    // A clock that steps back must not let units leave early.
    const time = nowMs > last ? nowMs : last;
    const total = pairs[pairs.length - 1]! + units;
    const slice = sliceMs(rule);
    if (time === last || (slice > 0 && Math.floor(time / slice) === Math.floor(last / slice))) {
      pairs[pairs.length - 2] = time;
      pairs[pairs.length - 1] = total;
    } else {
      pairs.push(time, total);
    }
  },

  penalize(log, rule, nowMs, units) {
    sliding.charge(log, rule, nowMs, units);
    const excess = used(log) - rule.limit;
    if (excess <= 0) return;
    const index = pairThatFrees(log, excess);
    log.base += excess;
    log.head = log.pairs[index + 1] === log.base ? index + 2 : index;
  },

  waitMs(log, rule, nowMs, units) {
    const missing = units - (rule.limit - used(log));
    if (missing <= 0) return 0;
    return log.pairs[pairThatFrees(log, missing)]! + rule.windowMs - nowMs;
  },

  refund(log, _rule, _nowMs, units) {
    const { pairs } = log;
    let left = Math.min(units, used(log));
    while (left > 0) {
      const end = pairs.length;
      const before = end - 2 > log.head ? pairs[end - 3]! : log.base;
      const counted = pairs[end - 1]! - before;
      if (counted > left) {
        pairs[end - 1]! -= left;
        return;
      }
      pairs.length -= 2;
      left -= counted;
    }
    if (log.head >= pairs.length) {
      pairs.length = 0;
      log.head = 0;
      log.base = 0;
    }
  },

  entries(log, rule, nowMs) {
    forget(log, nowMs - rule.windowMs);
    const found = [];
    let before = log.base;
    for (let index = log.head; index < log.pairs.length; index += 2) {
      const total = log.pairs[index + 1]!;
      found.push({ ageMs: nowMs - log.pairs[index]!, units: total - before });
      before = total;
    }
    return found;
  },

  staleAt: (log, rule) => (log.head < log.pairs.length ? lastTime(log) + rule.windowMs : 0),
};

/**
 * When a unit more is free than now: when the oldest leaves, or, with more counted than the limit allows (a limit that
 * was lowered, or raised for one check), when the excess has left too. The log must not be empty.
 */
export function nextFreeAtMs(log: SlidingLog, rule: NamedRule): number {
  const excess = used(log) - rule.limit;
  const index = excess > 0 ? pairThatFrees(log, excess + 1) : log.head;
  return log.pairs[index]! + rule.windowMs;
}
