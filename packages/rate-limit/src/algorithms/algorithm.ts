import type { NamedRule } from '../rules.ts';

/**
 * One way to count, as steps on the state of one key under one rule. Time is an argument; nothing here reads a clock.
 * The Lua script in `redis/check-script.ts` takes the same steps, and a property test holds the two together.
 */
export interface Algorithm<State> {
  create(): State;
  /** Units free now. Negative after a limit was lowered. Forgets what has left the window. */
  free(state: State, rule: NamedRule, nowMs: number): number;
  /** Counts `units` at `nowMs`, whether they fit or not. */
  charge(state: State, rule: NamedRule, nowMs: number, units: number): void;
  /** Counts a rejected check, keeping the state as small as `limit` admitted units would. */
  penalize(state: State, rule: NamedRule, nowMs: number, units: number): void;
  /** Milliseconds until `units` are free, 0 if they are. `units` must be no more than the capacity. */
  waitMs(state: State, rule: NamedRule, nowMs: number, units: number): number;
  /** Gives units back, the newest first; never more than were counted. */
  refund(state: State, rule: NamedRule, nowMs: number, units: number): void;
  /** What was counted and still matters, oldest first. */
  entries(state: State, rule: NamedRule, nowMs: number): Entry[];
  /** From this time on the state says nothing that a new one would not say. */
  staleAt(state: State, rule: NamedRule): number;
}

/** Units that were counted `ageMs` ago. */
export interface Entry {
  ageMs: number;
  units: number;
}
