import type { NamedRule } from '../rules.ts';
import type { Algorithm } from './algorithm.ts';

/**
 * What the key owes: `owedMs` milliseconds of the rule's rate at the time `atMs`, paid off by waiting. The theoretical arrival
 * time is their sum; kept apart, a short debt keeps its precision beside a long time.
 */
export interface Debt {
  atMs: number;
  owedMs: number;
}

/** Sums of fractions of a millisecond must not cost a unit. */
const EPSILON = 1e-6;

const unitMs = (rule: NamedRule): number => rule.windowMs / rule.limit;

/** Never more than a full burst: under a rule that was made faster an old, slow debt is over sooner. */
function owed(debt: Debt, rule: NamedRule, nowMs: number): number {
  const left = debt.owedMs - Math.max(0, nowMs - debt.atMs);
  return Math.min(rule.burst * unitMs(rule), Math.max(0, left));
}

/**
 * `burst` units at once, then one every `windowMs / limit`; any window admits at most `burst + limit`.
 * @see ITU-T I.371, generic cell rate algorithm (virtual scheduling)
 */
export const gcra: Algorithm<Debt> = {
  create: () => ({ atMs: 0, owedMs: 0 }),

  free(debt, rule, nowMs) {
    const each = unitMs(rule);
    return Math.floor((rule.burst * each - owed(debt, rule, nowMs)) / each + EPSILON);
  },

  charge(debt, rule, nowMs, units) {
    debt.owedMs = owed(debt, rule, nowMs) + units * unitMs(rule);
    debt.atMs = Math.max(debt.atMs, nowMs);
  },

  penalize(debt, rule, nowMs, units) {
    gcra.charge(debt, rule, nowMs, units);
    debt.owedMs = Math.min(debt.owedMs, rule.burst * unitMs(rule));
  },

  waitMs(debt, rule, nowMs, units) {
    return Math.max(0, owed(debt, rule, nowMs) - (rule.burst - units) * unitMs(rule));
  },

  refund(debt, rule, nowMs, units) {
    debt.owedMs = Math.max(0, owed(debt, rule, nowMs) - units * unitMs(rule));
    debt.atMs = Math.max(debt.atMs, nowMs);
  },

  entries(debt, rule, nowMs) {
    const units = Math.ceil(owed(debt, rule, nowMs) / unitMs(rule) - EPSILON);
    return units > 0 ? [{ ageMs: 0, units }] : [];
  },

  staleAt: (debt) => (debt.owedMs > 0 ? debt.atMs + debt.owedMs : 0),
};
