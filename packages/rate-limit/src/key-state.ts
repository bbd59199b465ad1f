import { algorithms } from './algorithms/index.ts';
import type { SlidingLog } from './algorithms/sliding.ts';
import { refusal, type Draft, type Source, wholeMs } from './decision.ts';
import { capacity, type NamedRule } from './rules.ts';
import { slideOnce } from './slide-once.ts';

/**
 * All that one process knows of one key: a state for each rule, in the order of the rules. The log of a first rule that is
 * `sliding` is this very object, so that the common check reads two objects instead of five.
 */
export interface KeyState extends SlidingLog {
  states: unknown[];
  /** The key has one rule, a sliding one, with its log in here. */
  plain: boolean;
  /** Denied until then, whatever the rules say. */
  blockedUntilMs: number;
  /** What the store last said, for the case that it falls silent. */
  seen: Seen | undefined;
}

/** The store's last word on a key: units free for all, and what of the used ones was this process's own, by rule. */
export interface Seen {
  atMs: number;
  room: number;
  own: number[];
}

export function createKeyState(rules: readonly NamedRule[]): KeyState {
  const key: KeyState = { pairs: [], head: 0, base: 0, blockedUntilMs: 0, plain: false, states: [], seen: undefined };
  key.states = rules.map((rule, index) =>
    index === 0 && rule.algorithm === 'sliding' ? key : algorithms[rule.algorithm].create(),
  );
  key.plain = rules.length === 1 && key.states[0] === key;
  return key;
}

/** From this time on the key can be forgotten without anybody noticing. */
export function staleAt(key: KeyState, rules: readonly NamedRule[]): number {
  let latest = key.blockedUntilMs;
  for (let index = 0; index < rules.length; index++) {
    const rule = rules[index]!;
    latest = Math.max(latest, algorithms[rule.algorithm].staleAt(key.states[index], rule));
  }
  return latest;
}

/** Counts units under every rule without asking whether they fit. */
export function charge(key: KeyState, rules: readonly NamedRule[], nowMs: number, units: number): void {
  for (let index = 0; index < rules.length; index++) {
    const rule = rules[index]!;
    algorithms[rule.algorithm].charge(key.states[index], rule, nowMs, units);
  }
}

/** How a check is counted: `charge` if it passes, `penalize` also if it does not, `peek` never. */
export type Counting = 'charge' | 'penalize' | 'peek';

/** One check of `cost` units: passes every rule and is counted under all, or fails and costs nothing. */
export function decide(
  key: KeyState,
  rules: readonly NamedRule[],
  cost: number,
  nowMs: number,
  counting: Counting,
  source: Source,
): Draft {
  if (key.plain && cost === 1 && counting === 'charge' && key.blockedUntilMs <= nowMs && rules[0]!.limit > 0) {
    return slideOnce(key, rules[0]!, nowMs, source);
  }
  if (key.blockedUntilMs > nowMs) return refusal(rules[0]!, key.blockedUntilMs - nowMs, source);
  let allowed = true;
  for (let index = 0; index < rules.length; index++) {
    const rule = rules[index]!;
    if (algorithms[rule.algorithm].free(key.states[index], rule, nowMs) < cost) allowed = false;
  }
  if (allowed && counting !== 'peek') charge(key, rules, nowMs, cost);
  if (!allowed && counting === 'penalize') penalize(key, rules, nowMs, cost);
  const wait = allowed ? undefined : longestWait(key, rules, cost, nowMs);
  return describe(key, rules, nowMs, wait, source);
}

function penalize(key: KeyState, rules: readonly NamedRule[], nowMs: number, cost: number): void {
  for (let index = 0; index < rules.length; index++) {
    const rule = rules[index]!;
    algorithms[rule.algorithm].penalize(key.states[index], rule, nowMs, cost);
  }
}

interface Wait {
  rule: NamedRule;
  ms: number;
}

/** The denying rule that holds the caller up the longest. */
function longestWait(key: KeyState, rules: readonly NamedRule[], cost: number, nowMs: number): Wait {
  let longest: Wait | undefined;
  for (let index = 0; index < rules.length; index++) {
    const rule = rules[index]!;
    const algorithm = algorithms[rule.algorithm];
    if (algorithm.free(key.states[index], rule, nowMs) >= cost) continue;
    const ms = cost > capacity(rule) ? Infinity : algorithm.waitMs(key.states[index], rule, nowMs, cost);
    if (longest === undefined || ms > longest.ms) longest = { rule, ms };
  }
  return longest!;
}

/** The rule with the least left speaks for all; among equals the one that takes longest to grow. */
function describe(
  key: KeyState,
  rules: readonly NamedRule[],
  nowMs: number,
  wait: Wait | undefined,
  source: Source,
): Draft {
  let least = Infinity;
  let reset = 0;
  let speaker = rules[0]!;
  for (let index = 0; index < rules.length; index++) {
    const rule = rules[index]!;
    const algorithm = algorithms[rule.algorithm];
    const free = Math.max(0, algorithm.free(key.states[index], rule, nowMs));
    if (free > least) continue;
    const grows = free < capacity(rule) ? algorithm.waitMs(key.states[index], rule, nowMs, free + 1) : 0;
    if (free < least || grows > reset) {
      reset = grows;
      speaker = rule;
    }
    least = free;
  }
  const { rule, ms } = wait ?? { rule: speaker, ms: 0 };
  return {
    allowed: wait === undefined,
    limit: rule.limit,
    remaining: least,
    resetMs: wholeMs(reset),
    retryAfterMs: wholeMs(ms),
    rule: rule.name,
    source,
  };
}
