import { checkMs } from './check.ts';
import { InboxTimeoutError } from './errors.ts';

export interface WaitOptions<T> {
  /** Ends this wait with `signal.reason`. */
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds to wait (default: for ever). */
  readonly timeoutMs?: number | undefined;
  /**
   * Asks the store: once the waiter is registered, after each gap, and every `pollMs`. `undefined`: not there yet.
   * What it throws becomes an event, and it is asked again at the next occasion.
   */
  readonly check?: ((id: string, signal: AbortSignal) => Promise<T | undefined>) | undefined;
  /** Milliseconds between checks (default: only at the beginning and after gaps). */
  readonly pollMs?: number | undefined;
}

/** What only some waiters need, so that the others stay small. */
interface Watch {
  timer?: ReturnType<typeof setTimeout> | undefined;
  poll?: ReturnType<typeof setInterval> | undefined;
  onAbort?: (() => void) | undefined;
}

const MAX_TIMER_MS = 2 ** 31 - 1;

/** One promise that waits: its timer, its abort listener, its check. */
export class Waiter<T> {
  readonly id: string;
  readonly options: WaitOptions<T>;
  readonly resolve: (value: T) => void;
  readonly reject: (error: unknown) => void;
  isWaiting = true;
  #watch: Watch | undefined;
  #check: AbortController | undefined;
  #checkAgain = false;

  constructor(id: string, options: WaitOptions<T>, resolve: (value: T) => void, reject: (error: unknown) => void) {
    this.id = id;
    this.options = options;
    this.resolve = resolve;
    this.reject = reject;
    if (options.timeoutMs !== undefined) checkMs('timeoutMs', options.timeoutMs, { infinite: true, zero: true });
    if (options.pollMs !== undefined) checkMs('pollMs', options.pollMs, { infinite: true });
  }

  get checkSignal(): AbortSignal {
    return this.#check!.signal;
  }

  watch(fail: (error: unknown) => void, check: () => void): void {
    const { signal, timeoutMs = Infinity, pollMs = Infinity } = this.options;
    const isPolling = this.options.check !== undefined && pollMs <= MAX_TIMER_MS;
    if (!signal && timeoutMs > MAX_TIMER_MS && !isPolling) return;
    const watch: Watch = {};
    if (signal) {
      watch.onAbort = () => fail(signal.reason);
      signal.addEventListener('abort', watch.onAbort, { once: true });
    }
    if (timeoutMs <= MAX_TIMER_MS)
      watch.timer = setTimeout(() => fail(new InboxTimeoutError(this.id, timeoutMs)), timeoutMs);
    if (isPolling) watch.poll = setInterval(check, pollMs);
    this.#watch = watch;
  }

  /** False: one is running already; it is repeated when it ends, since it may have asked too early. */
  startCheck(): boolean {
    if (!this.isWaiting) return false;
    if (this.#check) {
      this.#checkAgain = true;
      return false;
    }
    this.#check = new AbortController();
    return true;
  }

  /** True: ask again. */
  endCheck(): boolean {
    const again = this.#checkAgain && this.isWaiting;
    this.#check = undefined;
    this.#checkAgain = false;
    return again;
  }

  /** Leaves no timer and no listener behind. False: it has ended before. */
  end(): boolean {
    if (!this.isWaiting) return false;
    this.isWaiting = false;
    this.#check?.abort(new Error('nobody waits any more'));
    if (this.#watch) {
      clearTimeout(this.#watch.timer);
      clearInterval(this.#watch.poll);
      if (this.#watch.onAbort) this.options.signal?.removeEventListener('abort', this.#watch.onAbort);
    }
    return true;
  }
}
