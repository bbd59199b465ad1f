import type { Decision, Draft } from './decision.ts';

/** A denial that holds until a known time: nothing can come free before, unless somebody gives units back. */
export interface Denial {
  /** When a check of this cost can pass; store time mapped to this process's clock, never too late. */
  freeAtMs: number;
  resetAtMs: number;
  /** The store is asked again after this time, even if the denial should hold: another process may have changed the key. */
  askAgainAtMs: number;
  cost: number;
  limit: number;
  remaining: number;
  rule: string;
}

/** A denial is kept no longer than this, so that a reset or a raised limit elsewhere is seen within a second. */
const HOLD_MS = 1_000;

/** Remembers denials of keys, at most `max`; the oldest goes first. */
export class DenyCache {
  readonly #denials = new Map<string, Denial>();
  readonly #max: number;

  constructor(max: number) {
    this.#max = max;
  }

  get size(): number {
    return this.#denials.size;
  }

  /** The denial that a check of `cost` units would meet, if one is known. */
  find(key: string, cost: number, nowMs: number): Draft | undefined {
    const denial = this.#denials.get(key);
    if (denial === undefined) return undefined;
    if (nowMs >= denial.askAgainAtMs) {
      this.#denials.delete(key);
      return undefined;
    }
    // A dearer check waits longer; only the store knows how long.
    if (cost !== denial.cost) return undefined;
    return {
      allowed: false,
      limit: denial.limit,
      remaining: denial.remaining,
      resetMs: Math.max(1, Math.ceil(denial.resetAtMs - nowMs)),
      retryAfterMs: Math.ceil(denial.freeAtMs - nowMs),
      rule: denial.rule,
      source: 'cache',
    };
  }

  /** `askedAtMs` is when the check was sent: counted from there no denial outlives its reason. */
  remember(key: string, cost: number, decision: Decision, askedAtMs: number): void {
    if (this.#max === 0 || !Number.isFinite(decision.retryAfterMs)) return;
    this.#denials.delete(key);
    if (this.#denials.size >= this.#max) this.#denials.delete(this.#denials.keys().next().value!);
    const freeAtMs = askedAtMs + decision.retryAfterMs;
    this.#denials.set(key, {
      freeAtMs,
      resetAtMs: askedAtMs + decision.resetMs,
      askAgainAtMs: Math.min(freeAtMs, askedAtMs + HOLD_MS),
      cost,
      limit: decision.limit,
      remaining: decision.remaining,
      rule: decision.rule,
    });
  }

  forget(key: string): void {
    this.#denials.delete(key);
  }

  clear(): void {
    this.#denials.clear();
  }
}
