import { algorithms } from './algorithms/index.ts';
import type { Entry } from './algorithms/algorithm.ts';
import { refusal, type Draft, type Source } from './decision.ts';
import { charge, createKeyState, decide, type Counting, type KeyState } from './key-state.ts';
import { KeyTable } from './key-table.ts';
import { type NamedRule, withLimits } from './rules.ts';

/** What the engine needs to know of one check. */
export interface Check {
  cost: number;
  limits?: Readonly<Record<string, number>> | undefined;
}

/** What most checks are. */
export const PLAIN: Check = Object.freeze({ cost: 1, limits: undefined });

/** When every place is taken, a new key is refused and told to come back after this long. */
const FULL_RETRY_MS = 1_000;

/** The limiter of one process: synchronous, exact, bounded. Also the memory of a process while Redis decides. */
export class Engine {
  readonly table: KeyTable;
  rules: readonly NamedRule[];
  readonly #empty: { state: KeyState };

  constructor(rules: readonly NamedRule[], maxKeys: number, onForget?: (key: string) => void) {
    this.rules = rules;
    this.table = new KeyTable(rules, maxKeys, onForget);
    this.#empty = { state: createKeyState(rules) };
  }

  /** Checks and counts. `rules` may be shares of the rules, in the same order. */
  consume(
    key: string,
    check: Check,
    nowMs: number,
    counting: Counting,
    rules: readonly NamedRule[] = this.rules,
  ): Draft {
    const effective = check.limits === undefined ? rules : withLimits(rules, check.limits);
    const state = this.table.open(key, nowMs);
    if (state === undefined) return refusal(effective[0]!, FULL_RETRY_MS, 'local');
    return decide(state, effective, check.cost, nowMs, counting, 'local');
  }

  /** What `consume` would answer to a check of `cost` units; makes no key. */
  peek(
    key: string,
    nowMs: number,
    cost = 1,
    rules: readonly NamedRule[] = this.rules,
    source: Source = 'local',
  ): Draft {
    return decide(this.table.look(key) ?? this.#empty.state, rules, cost, nowMs, 'peek', source);
  }

  /** Counts what somebody else has admitted. @returns false if there is no room for the key. */
  record(key: string, units: number, nowMs: number): boolean {
    const state = this.table.open(key, nowMs);
    if (state === undefined) return false;
    for (let index = 0; index < this.rules.length; index++) {
      // Reading forgets what has left the window; a log that is only written to would grow for ever.
      algorithms[this.rules[index]!.algorithm].free(state.states[index], this.rules[index]!, nowMs);
    }
    charge(state, this.rules, nowMs, units);
    return true;
  }

  refund(key: string, units: number, nowMs: number): void {
    const state = this.table.get(key);
    if (state === undefined) return;
    for (let index = 0; index < this.rules.length; index++) {
      const rule = this.rules[index]!;
      algorithms[rule.algorithm].refund(state.states[index], rule, nowMs, units);
    }
  }

  block(key: string, ms: number, nowMs: number): boolean {
    const state = this.table.open(key, nowMs);
    if (state !== undefined) state.blockedUntilMs = nowMs + ms;
    return state !== undefined;
  }

  /** What this process has counted for a key and still matters under one rule. */
  entries(state: KeyState, ruleIndex: number, nowMs: number): Entry[] {
    const rule = this.rules[ruleIndex]!;
    return algorithms[rule.algorithm].entries(state.states[ruleIndex], rule, nowMs);
  }

  useRules(rules: readonly NamedRule[]): void {
    this.rules = rules;
    this.table.useRules(rules);
    this.#empty.state = createKeyState(rules);
  }
}
