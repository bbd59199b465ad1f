import { algorithms } from './algorithms/index.ts';
import type { Context } from './backend.ts';
import { noteRefusedKey } from './backend.ts';
import type { Draft } from './decision.ts';
import type { Check } from './engine.ts';
import type { KeyState } from './key-state.ts';
import { capacity, type NamedRule, shareRules, withLimits } from './rules.ts';

const ASK_AGAIN_MS = 1_000;

/**
 * Decides for one of N processes while the store is away: at most 1/N of each limit, counted together with what this process
 * was admitted through the store before. While the store's last word on a key is younger than its window, a process takes no
 * more than its part of the room that was left then; so what the others were admitted is not handed out a second time.
 */
export class StandIn {
  readonly #context: Context;
  readonly #workers: () => number;
  #shares: { rules: readonly NamedRule[]; workers: number; parts: readonly NamedRule[] } | undefined;

  constructor(context: Context, workers: () => number) {
    this.#context = context;
    this.#workers = workers;
  }

  /** Checks, and counts if it passes. */
  consume(key: string, check: Check): Draft {
    const { engine, now } = this.#context;
    const nowMs = now();
    const { rules, until } = this.#rulesFor(engine.table.get(key), check, nowMs);
    const decision = engine.consume(key, { cost: check.cost }, nowMs, 'charge', rules);
    if (!decision.allowed && engine.table.get(key) === undefined) noteRefusedKey(this.#context);
    return this.#asOfTheWhole(decision, check, until - nowMs);
  }

  peek(key: string): Draft {
    const { engine, now } = this.#context;
    const nowMs = now();
    const { rules, until } = this.#rulesFor(engine.table.get(key), { cost: 1 }, nowMs);
    return this.#asOfTheWhole(engine.peek(key, nowMs, 1, rules), { cost: 1 }, until - nowMs);
  }

  /** Notes the store's word on a key: `room` units are free for everybody. */
  learn(key: string, room: number, nowMs: number): void {
    const { engine, rules } = this.#context;
    const state = engine.table.get(key);
    if (state === undefined) return;
    const seen = (state.seen ??= { atMs: nowMs, room, own: [] });
    seen.atMs = nowMs;
    seen.room = room;
    for (let index = 0; index < rules.length; index++) {
      const rule = rules[index]!;
      seen.own[index] = rule.limit - algorithms[rule.algorithm].free(state.states[index], rule, nowMs);
    }
  }

  #parts(rules: readonly NamedRule[], workers: number): readonly NamedRule[] {
    if (rules !== this.#context.rules) return shareRules(rules, workers);
    if (this.#shares?.rules !== rules || this.#shares.workers !== workers) {
      this.#shares = { rules, workers, parts: shareRules(rules, workers) };
    }
    return this.#shares.parts;
  }

  #rulesFor(state: KeyState | undefined, check: Check, nowMs: number): { rules: readonly NamedRule[]; until: number } {
    const workers = this.#workers();
    const whole = check.limits === undefined ? this.#context.rules : withLimits(this.#context.rules, check.limits);
    const parts = this.#parts(whole, workers);
    const seen = state?.seen;
    if (seen === undefined || workers === 1) return { rules: parts, until: Infinity };
    const part = Math.floor(seen.room / workers);
    let until = Infinity;
    const rules = parts.map((rule, index) => {
      const ends = seen.atMs + rule.windowMs;
      if (rule.algorithm !== 'sliding' || nowMs >= ends) return rule;
      const limit = Math.max(0, seen.own[index]!) + part;
      if (limit >= rule.limit) return rule;
      until = Math.min(until, ends);
      return { ...rule, limit };
    });
    return { rules, until };
  }

  /** Callers know the rules, not our share of them. */
  #asOfTheWhole(decision: Draft, check: Check, shareGrowsInMs: number): Draft {
    const rule = this.#context.rules.find(({ name }) => name === decision.rule);
    if (rule === undefined) return decision;
    decision.limit = check.limits?.[rule.name] ?? rule.limit;
    if (decision.allowed) return decision;
    // Too much for a share, but not for the rule: the store may be back soon.
    if (decision.retryAfterMs === Infinity && check.cost <= capacity(rule))
      decision.retryAfterMs = Math.min(rule.windowMs, ASK_AGAIN_MS);
    if (shareGrowsInMs === Infinity) return decision;
    decision.retryAfterMs = Math.min(decision.retryAfterMs, Math.ceil(shareGrowsInMs));
    decision.resetMs = Math.min(decision.resetMs === 0 ? Infinity : decision.resetMs, Math.ceil(shareGrowsInMs));
    return decision;
  }
}
