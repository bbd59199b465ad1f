import type { Algorithm } from './algorithm.ts';

/** A count that starts with the first hit and ends `windowMs` later. */
export interface FixedWindow {
  startMs: number;
  count: number;
}

/** `limit` units for each window; two windows that touch can admit up to `2 * limit - 1` in one interval. For quotas. */
export const fixed: Algorithm<FixedWindow> = {
  create: () => ({ startMs: 0, count: 0 }),

  free(window, rule, nowMs) {
    if (window.count > 0 && nowMs >= window.startMs + rule.windowMs) window.count = 0;
    return rule.limit - window.count;
  },

  charge(window, _rule, nowMs, units) {
    if (window.count === 0) window.startMs = nowMs;
    window.count += units;
  },

  /** The window ends when it ends: a rejected check can only fill what was left. */
  penalize(window, rule, nowMs, units) {
    fixed.charge(window, rule, nowMs, Math.min(units, Math.max(0, rule.limit - window.count)));
  },

  waitMs(window, rule, nowMs, units) {
    return rule.limit - window.count >= units ? 0 : window.startMs + rule.windowMs - nowMs;
  },

  refund(window, _rule, _nowMs, units) {
    window.count = Math.max(0, window.count - units);
  },

  entries(window, rule, nowMs) {
    return fixed.free(window, rule, nowMs) < rule.limit ? [{ ageMs: nowMs - window.startMs, units: window.count }] : [];
  },

  staleAt: (window, rule) => (window.count > 0 ? window.startMs + rule.windowMs : 0),
};
