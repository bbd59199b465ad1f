import { checkMs } from './check.ts';
import { MAX_TIMER_MS } from './deadline.ts';
import { InboxTimeoutError } from './errors.ts';

/** For `inbox.waitFor`. */
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

/** What only a waiter with a check has. */
interface Checking {
  controller: AbortController | undefined;
  again: boolean;
  poll: ReturnType<typeof setInterval> | undefined;
  readonly pollMs: number;
}

/** One promise that waits: its timer, its abort listener, its check. Ten thousand of them are normal, so no closures: it is its own listener. */
export class Waiter<T> {
  readonly id: string;
  readonly signal: AbortSignal | undefined;
  readonly check: WaitOptions<T>['check'];
  readonly resolve: (value: T) => void;
  readonly reject: (error: unknown) => void;
  isWaiting = true;
  readonly #timeoutMs: number;
  #owner: WaiterOwner<T> | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #checking: Checking | undefined;

  constructor(id: string, options: WaitOptions<T>, resolve: (value: T) => void, reject: (error: unknown) => void) {
    const { signal, timeoutMs = Infinity, check, pollMs = Infinity } = options;
    this.id = id;
    this.signal = signal;
    this.check = check;
    this.resolve = resolve;
    this.reject = reject;
    this.#timeoutMs = checkMs('timeoutMs', timeoutMs, { infinite: true, zero: true });
    checkMs('pollMs', pollMs, { infinite: true });
    if (check) this.#checking = { controller: undefined, again: false, poll: undefined, pollMs };
  }

  get checkSignal(): AbortSignal {
    return this.#checking!.controller!.signal;
  }

  /** The signal has aborted. */
  handleEvent(): void {
    this.#owner?.fail(this, this.signal?.reason);
  }

  watch(owner: WaiterOwner<T>): void {
    this.#owner = owner;
    this.signal?.addEventListener('abort', this, ONCE);
    if (this.#timeoutMs <= MAX_TIMER_MS) this.#timer = setTimeout(expire, this.#timeoutMs, this);
    const checking = this.#checking;
    if (checking && checking.pollMs <= MAX_TIMER_MS) {
      checking.poll = setInterval(() => owner.check(this), checking.pollMs);
    }
  }

  timedOut(): void {
    this.#owner?.fail(this, new InboxTimeoutError(this.id, this.#timeoutMs));
  }

  /** False: one is running already; it is repeated when it ends, since it may have asked too early. */
  startCheck(): boolean {
    const checking = this.#checking;
    if (!checking || !this.isWaiting) return false;
    if (checking.controller) {
      checking.again = true;
      return false;
    }
    checking.controller = new AbortController();
    return true;
  }

  /** True: ask again. */
  endCheck(): boolean {
    const checking = this.#checking!;
    const again = checking.again && this.isWaiting;
    checking.controller = undefined;
    checking.again = false;
    return again;
  }

  /** Leaves no timer and no listener behind. False: it has ended before. */
  end(): boolean {
    if (!this.isWaiting) return false;
    this.isWaiting = false;
    this.#checking?.controller?.abort(new Error('nobody waits any more'));
    clearInterval(this.#checking?.poll);
    clearTimeout(this.#timer);
    const { signal } = this;
    // After an abort the listener has left by itself, and looking for it among ten thousand would be a long search.
    if (signal && !signal.aborted) signal.removeEventListener('abort', this);
    return true;
  }
}

const ONCE = { once: true } as const;
const expire = (waiter: Pick<Waiter<unknown>, 'timedOut'>): void => waiter.timedOut();
