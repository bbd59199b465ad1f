import type { Core } from './core.ts';
import { afterInBackground, type Timer } from './timer.ts';

/** How many connections to open now. Pure. `overflow` counts only when the head of the queue has waited long enough. */
export function shortage(state: {
  waiting: number;
  /** Connections that are being opened, pinged or reset: supply on its way. */
  coming: number;
  /** Open, or being opened. */
  supply: number;
  size: number;
  overflow: number;
  minIdle: number;
}): { regular: number; overflow: number } {
  const { waiting, coming, supply, size, overflow, minIdle } = state;
  const unmet = Math.max(0, waiting - coming);
  const regular = Math.max(0, Math.min(Math.max(unmet, minIdle - supply), size - supply));
  const extra = supply >= size ? Math.max(0, Math.min(unmet, size + overflow - supply)) : 0;
  return { regular, overflow: extra };
}

/** Orders the connections that are missing, and closes the overflow that nobody needs any more. */
export class Supply {
  #timer: Timer;
  readonly #core: Core;

  constructor(core: Core) {
    this.#core = core;
  }

  order(nowMs: number): void {
    const core = this.#core;
    const { connecting } = core.connector;
    const missing = shortage({
      waiting: core.waiters.size,
      coming: core.checkup.running + connecting,
      supply: core.sessions.size + connecting,
      size: core.size,
      overflow: core.overflow,
      minIdle: core.state === 'open' ? core.settings.minIdle : 0,
    });
    if (missing.regular > 0) core.connector.want(missing.regular);
    else if (missing.overflow > 0) this.#orderOverflow(nowMs, missing.overflow);
  }

  /** Looks again in `ms`: at a queue whose head has waited long enough by then, or at overflow that nobody needs. */
  review(ms: number): void {
    if (this.#timer !== undefined) return;
    this.#timer = afterInBackground(ms, () => {
      this.#timer = undefined;
      if (this.#core.waiters.size === 0) this.#core.trim();
      else this.#core.pulse();
    });
  }

  #orderOverflow(nowMs: number, count: number): void {
    const head = this.#core.waiters.peek();
    if (!head) return;
    const dueMs = head.sinceMs + this.#core.settings.overflowAfterMs - nowMs;
    if (dueMs <= 0) this.#core.connector.want(count);
    else this.review(dueMs);
  }
}
