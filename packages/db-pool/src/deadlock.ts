import { heldBy, isDeadlocked, type Context } from './context.ts';
import type { Core } from './core.ts';
import { PoolDeadlockError } from './errors.ts';
import { holderOf } from './holders.ts';
import type { Waiter } from './waiter.ts';

/** Watches for callers that hold a connection and ask for another one. */
export class DeadlockWatch {
  #due = false;
  readonly #core: Core;

  constructor(core: Core) {
    this.#core = core;
  }

  /** Reports an acquire inside a context that holds a connection, or refuses it, as the options say. */
  nested(context: Context | undefined): Error | undefined {
    const core = this.#core;
    const session = heldBy(context);
    if (!session || core.settings.nested === 'allow') return undefined;
    core.emit({ type: 'nested-acquire', holder: holderOf(session, core.now()) });
    if (core.settings.nested === 'warn') return undefined;
    core.counters.failed += 1;
    const reason = 'this async context holds a connection already (nested: error)';
    return new PoolDeadlockError(reason, core.stats(), core.holders());
  }

  /** A borrower's statement has ended: if it does not go on to the next one, its nested waiter may have closed a circle. */
  suspect(): void {
    if (this.#due || this.#core.waiters.size === 0) return;
    this.#due = true;
    setImmediate(() => {
      this.#due = false;
      const newest = [...this.#core.waiters].findLast((waiter) => waiter.context !== undefined);
      if (newest) this.refuse(newest);
    });
  }

  /** Fails `waiter` if its wait closes a circle: every connection is held by a context that waits for one. */
  refuse(waiter: Waiter): void {
    const core = this.#core;
    if (core.sessions.size < core.capacity || core.checkup.running > 0 || core.connector.connecting > 0) return;
    if (!isDeadlocked(core.capacity, core.sessions, core.waiters)) return;
    core.dismiss(waiter, 'failed', () => {
      const reason = 'every connection is held by a caller that waits for another one';
      return new PoolDeadlockError(reason, core.stats(), core.holders());
    });
  }
}
