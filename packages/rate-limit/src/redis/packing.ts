import { capacity, type NamedRule } from '../rules.ts';
import type { CheckBatch, CheckGroup, GroupAnswer } from '../store.ts';

/** How time and units share one integer of 53 bits: time in steps of `unit` milliseconds, below `span` steps. */
export interface Packing {
  readonly unit: number;
  readonly span: number;
}

/** The finest time step with which the largest limit and the longest window still fit into one integer. */
export function packingOf(rules: readonly NamedRule[], groups: readonly CheckGroup[]): Packing {
  let limit = 1;
  let windowMs = 1;
  for (const rule of rules) windowMs = Math.max(windowMs, rule.windowMs);
  for (const rule of rules) limit = Math.max(limit, capacity(rule));
  for (const group of groups) for (const rule of group.rules ?? []) limit = Math.max(limit, capacity(rule));
  // A debt of gcra may exceed its window: burst units at the rule's rate.
  for (const rule of rules)
    if (rule.algorithm === 'gcra') windowMs = Math.max(windowMs, (rule.burst / rule.limit) * rule.windowMs);
  const unit = Math.max(1, Math.ceil(((limit + 2) * rules.length * (windowMs * 2 + 4)) / 2 ** 52));
  return { unit, span: Math.ceil((windowMs * 2) / unit) + 4 };
}

/** The groups as numbers; '' when every group is one caller with cost 1, the common case. */
export function encodeGroups(groups: readonly CheckGroup[]): string {
  if (groups.every((group) => group.count === 1 && group.cost === 1 && group.rules === undefined)) return '';
  return groups
    .map(({ count, cost, rules }) => {
      const limits = rules?.map((rule) => `${rule.limit} ${rule.burst}`).join(' ');
      return limits === undefined ? `${count} ${cost} 0` : `${count} ${cost} 1 ${limits}`;
    })
    .join(' ');
}

/** The groups of a batch without other limits: callers and cost of each; '' when every group is one caller with cost 1. */
export function encodePairs(groups: readonly CheckGroup[]): string {
  if (groups.every(({ count, cost }) => count === 1 && cost === 1)) return '';
  let pairs = '';
  for (const { count, cost } of groups) pairs += `${count} ${cost} `;
  return pairs;
}

/** Reads the script's integers back. */
export function decodeAnswers(batch: CheckBatch, reply: readonly number[], { unit, span }: Packing): GroupAnswer[] {
  const { groups, rules } = batch;
  let extra = groups.length;
  return groups.map((group, index) => {
    const value = reply[index]!;
    if (value < 0) return { free: 0, rule: 0, resetMs: -value, retryAfterMs: -value, blocked: true };
    const rule = value % rules.length;
    const rest = (value - rule) / rules.length;
    const time = rest % span;
    const free = (rest - time) / span;
    const waitMs = time * unit;
    const granted = Math.min(group.count, Math.floor(free / group.cost));
    const denied = group.count === 0 ? free < group.cost : granted < group.count;
    const resetMs = denied && group.cost > 1 ? reply[extra++]! : waitMs;
    const tooMuch = group.cost > capacity((group.rules ?? rules)[rule]!);
    return { free, rule, resetMs, retryAfterMs: denied ? (tooMuch ? Infinity : waitMs) : 0, blocked: false };
  });
}
