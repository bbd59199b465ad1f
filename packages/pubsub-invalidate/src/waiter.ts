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

/** What becomes of a waiter; one object for all waiters of an inbox. */
export interface WaiterOwner<T> {
  fail(waiter: Waiter<T>, error: unknown): void;
  check(waiter: Waiter<T>): void;
}

const MAX_TIMER_MS = 2 ** 31 - 1;

/** One promise that waits: its timer, its abort listener, its check. Ten thousand of them are normal, so no closures: it is its own listener. */
export class Waiter<T> {
  readonly id: string;
  readonly options: WaitOptions<T>;
  readonly resolve: (value: T) => void;
  readonly reject: (error: unknown) => void;
  isWaiting = true;
  #owner: WaiterOwner<T> | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #poll: ReturnType<typeof setInterval> | undefined;
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

  /** The signal has aborted. */
  handleEvent(): void {
    this.#owner?.fail(this, this.options.signal?.reason);
  }

  watch(owner: WaiterOwner<T>): void {
    const { signal, timeoutMs = Infinity, pollMs = Infinity, check } = this.options;
    this.#owner = owner;
    signal?.addEventListener('abort', this, { once: true });
    if (timeoutMs <= MAX_TIMER_MS) this.#timer = setTimeout(expire, timeoutMs, this);
    if (check && pollMs <= MAX_TIMER_MS) this.#poll = setInterval(() => owner.check(this), pollMs);
  }

  timedOut(): void {
    this.#owner?.fail(this, new InboxTimeoutError(this.id, this.options.timeoutMs ?? 0));
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
    clearTimeout(this.#timer);
    clearInterval(this.#poll);
    const { signal } = this.options;
    // After an abort the listener has left by itself, and looking for it among ten thousand would be a long search.
    if (signal && !signal.aborted) signal.removeEventListener('abort', this);
    return true;
  }
}

const expire = (waiter: Pick<Waiter<unknown>, 'timedOut'>): void => waiter.timedOut();
