import type { NamedRule } from '../rules.ts';
import type { Algorithm } from './algorithm.ts';

/** The theoretical arrival time: until then the key owes units. One number is the whole state. */
export interface Debt {
  untilMs: number;
}

/** Sums of fractions of a millisecond must not cost a unit. */
const EPSILON = 1e-6;

const unitMs = (rule: NamedRule): number => rule.windowMs / rule.limit;
const owed = (debt: Debt, nowMs: number): number => Math.max(0, debt.untilMs - nowMs);

/**
 * `burst` units at once, then one every `windowMs / limit`; any window admits at most `burst + limit`.
 * @see ITU-T I.371, generic cell rate algorithm (virtual scheduling)
 */
export const gcra: Algorithm<Debt> = {
  create: () => ({ untilMs: 0 }),

  free(debt, rule, nowMs) {
    const each = unitMs(rule);
    return Math.floor((rule.burst * each - owed(debt, nowMs)) / each + EPSILON);
  },

  charge(debt, rule, nowMs, units) {
    debt.untilMs = Math.max(debt.untilMs, nowMs) + units * unitMs(rule);
  },

  penalize(debt, rule, nowMs, units) {
    const full = nowMs + rule.burst * unitMs(rule);
    gcra.charge(debt, rule, nowMs, units);
    debt.untilMs = Math.min(debt.untilMs, full);
  },

  waitMs(debt, rule, nowMs, units) {
    return Math.max(0, owed(debt, nowMs) - (rule.burst - units) * unitMs(rule));
  },

  refund(debt, rule, _nowMs, units) {
    debt.untilMs = Math.max(0, debt.untilMs - units * unitMs(rule));
  },

  entries(debt, rule, nowMs) {
    const units = Math.ceil(owed(debt, nowMs) / unitMs(rule) - EPSILON);
    return units > 0 ? [{ ageMs: 0, units }] : [];
  },

  staleAt: (debt) => debt.untilMs,
};
