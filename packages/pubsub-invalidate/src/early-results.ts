import { unrefTimeout } from './deadline.ts';
import type { InboxResult } from './message.ts';

/** Results that nobody waits for yet, each kept for `keepMs`. Bounded: over `max` the oldest goes. One timer for all, and only while there are some. */
export class EarlyResults {
  readonly #keepMs: number;
  readonly #max: number;
  readonly #now: () => number;
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #results = new Map<string, { readonly result: InboxResult; readonly untilMs: number }>();

  constructor(keepMs: number, max: number, now: () => number) {
    this.#keepMs = keepMs;
    this.#max = max;
    this.#now = now;
  }

  get size(): number {
    return this.#results.size;
  }

  add(result: InboxResult): void {
    if (this.#keepMs === 0) return;
    this.#results.delete(result.id);
    this.#results.set(result.id, { result, untilMs: this.#now() + this.#keepMs });
    this.#sweep();
    this.#timer ??= unrefTimeout(() => this.#onTimer(), this.#keepMs);
  }

  /** Hands out a result that is still fresh, once. */
  take(id: string): InboxResult | undefined {
    const early = this.#results.get(id);
    if (!early) return undefined;
    this.#results.delete(id);
    return early.untilMs > this.#now() ? early.result : undefined;
  }

  clear(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#results.clear();
  }

  #onTimer(): void {
    this.#sweep();
    this.#timer = this.#results.size > 0 ? unrefTimeout(() => this.#onTimer(), this.#keepMs) : undefined;
  }

  /** All live equally long, so the oldest are the first in the map. */
  #sweep(): void {
    const nowMs = this.#now();
    for (const [id, { untilMs }] of this.#results) {
      if (untilMs > nowMs && this.#results.size <= this.#max) return;
      this.#results.delete(id);
    }
  }
}
