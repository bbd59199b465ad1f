import type { Decision, Draft } from './decision.ts';
import type { Check, Engine } from './engine.ts';
import type { Emitter } from './events.ts';
import type { NamedRule } from './rules.ts';
import { countDecision, type Counters } from './stats.ts';

/** `shared`: the store decides. `degraded`: this process decides alone. `recovering`: both must agree. */
export type LimiterState = 'shared' | 'degraded' | 'recovering';

/** Who decides: this process alone, or a store with this process as its stand-in. */
export interface Backend {
  readonly state: LimiterState;
  readonly workers: number;
  ready(): Promise<void>;
  /** A check of one unit under the usual limits. */
  consumePlain(key: string): Promise<Decision>;
  consume(key: string, check: Check): Decision | Promise<Decision>;
  peek(key: string): Decision | Promise<Decision>;
  refund(key: string, units: number): void | Promise<void>;
  reset(key: string): void | Promise<void>;
  block(key: string, ms: number): void | Promise<void>;
  useRules(rules: readonly NamedRule[]): void;
  close(): void;
}

/** What both backends share. */
export interface Context {
  rules: readonly NamedRule[];
  readonly engine: Engine;
  readonly counters: Counters;
  readonly emitter: Emitter;
  readonly now: () => number;
  /** The caller brought the clock, and may move it at any time. */
  readonly ownClock: boolean;
  readonly shadow: boolean;
  readonly penalizeRejected: boolean;
  readonly maxKeys: number;
}

/** Every answer leaves through here: shadow mode turns a denial into a pass, counters and listeners learn of it. */
export function finish(context: Context, decision: Draft): Decision {
  const { counters, emitter, shadow } = context;
  if (!decision.allowed) {
    if (emitter.active) emitter.emit({ type: 'denied', rule: decision.rule, source: decision.source, shadow });
    if (shadow) {
      counters.shadowed++;
      decision.allowed = true;
      decision.retryAfterMs = 0;
    }
  }
  countDecision(counters, decision);
  return decision;
}

/** Says that a key found no place, at most once for each time that the table fills up. */
export function noteRefusedKey(context: Context): void {
  context.counters.refusedKeys++;
  if (context.emitter.active) context.emitter.emit({ type: 'keys-full', maxKeys: context.maxKeys });
}
