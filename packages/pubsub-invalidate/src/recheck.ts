import { unrefTimeout } from './deadline.ts';

const MAX_KEYS = 10_000;

/** Repeats a deletion `delayMs` later, for loads that read from a replica of the database that lags behind. Bounded: over 10,000 waiting keys it clears once. */
export class Recheck {
  readonly #delayMs: number;
  readonly #now: () => number;
  readonly #run: (keys: readonly string[] | 'all') => void;
  #waiting: { readonly dueMs: number; readonly keys: readonly string[] | 'all' }[] = [];
  #keys = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(delayMs: number, now: () => number, run: (keys: readonly string[] | 'all') => void) {
    this.#delayMs = delayMs;
    this.#now = now;
    this.#run = run;
  }

  add(keys: readonly string[] | 'all'): void {
    this.#keys += keys.length;
    if (keys === 'all' || this.#keys > MAX_KEYS) {
      this.#waiting = [];
      this.#keys = 0;
      keys = 'all';
    }
    this.#waiting.push({ dueMs: this.#now() + this.#delayMs, keys });
    this.#timer ??= unrefTimeout(() => this.#due(), this.#delayMs);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#waiting = [];
  }

  #due(): void {
    this.#timer = undefined;
    const nowMs = this.#now();
    while (this.#waiting[0] && this.#waiting[0].dueMs <= nowMs) {
      const { keys } = this.#waiting.shift()!;
      if (keys !== 'all') this.#keys -= keys.length;
      this.#run(keys);
    }
    const next = this.#waiting[0];
    if (next) this.#timer = unrefTimeout(() => this.#due(), Math.max(1, next.dueMs - nowMs));
  }
}
