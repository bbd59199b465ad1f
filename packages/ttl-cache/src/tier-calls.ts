import type { TierOperation } from './events.ts';
import type { TierEntry, TierHit, TierLease } from './tier.ts';
import { tierKey, type TierLink } from './tier-link.ts';
import { startTimer } from './timer.ts';

/** What a load asks of the tier. Trouble is told, and the load goes on as if there were no tier. */
export class TierCalls<Value> {
  readonly #link: TierLink<Value>;
  readonly #patienceMs: number;
  readonly #failed: (operation: TierOperation, error: unknown) => void;

  constructor(link: TierLink<Value>, patienceMs: number, failed: (operation: TierOperation, error: unknown) => void) {
    this.#link = link;
    this.#patienceMs = patienceMs;
    this.#failed = failed;
  }

  /** The tier's answer; undefined: go around it, because it is behind with an invalidation, fails, or hangs. */
  async ask(key: unknown, minTtlMs: number, quiet: boolean): Promise<TierHit<Value> | TierLease<Value> | undefined> {
    const text = tierKey(key);
    if (this.#link.isBehind(text)) return undefined;
    try {
      return await this.#patiently(quiet, (signal) => this.#link.tier.get(text, { signal, minTtlMs }));
    } catch (error) {
      this.#failed('get', error);
      return undefined;
    }
  }

  async fill(
    lease: TierLease<Value>,
    entry: TierEntry<Value>,
    quiet: boolean,
  ): Promise<'stored' | 'refused' | 'unknown'> {
    try {
      return await this.#patiently(quiet, () => lease.fill(entry));
    } catch (error) {
      this.#failed('fill', error);
      return 'unknown';
    }
  }

  release(lease: TierLease<Value> | undefined): void {
    if (lease === undefined) return;
    const released = new Promise<void>((settle) => settle(lease.release()));
    released.catch((error: unknown) => this.#failed('release', error));
  }

  /** A tier owes an answer in bounded time; one that breaks its word must not hold the key for ever. `quiet` is for `startTimer`. */
  async #patiently<Answer>(quiet: boolean, ask: (signal: AbortSignal) => Promise<Answer>): Promise<Answer> {
    const patience = new AbortController();
    const giveUp = () => patience.abort(new DOMException(`no answer within ${this.#patienceMs} ms`, 'TimeoutError'));
    const cancel = startTimer(this.#patienceMs, giveUp, quiet);
    try {
      return await unlessAborted(ask(patience.signal), patience.signal);
    } finally {
      cancel();
    }
  }
}

function unlessAborted<Value>(asked: Promise<Value>, signal: AbortSignal): Promise<Value> {
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    asked.then(resolve, reject);
  });
}
