import type { Context } from './context.ts';
import type { Session } from './session.ts';
import type { Place } from './wait-queue.ts';
import { after, type Timer } from './timer.ts';

export interface AcquireOptions {
  /** An abort ends the wait with `signal.reason`; the caller leaves the queue. */
  signal?: AbortSignal | undefined;
  /** Replaces `acquireTimeoutMs`. */
  timeoutMs?: number | undefined;
  /** Names the holder in `holders()`, in time-out errors and in leak reports. */
  label?: string | undefined;
  /** Replaces `leak.warnMs`; `Infinity` for a connection that is meant to be held, such as for LISTEN. */
  leakMs?: number | undefined;
}

/** Gets a connection, or learns why not; exactly one of both, once. */
export interface Receiver {
  grant(session: Session): void;
  fail(error: unknown): void;
}

/** What a caller asks for when there is nothing at once. */
export interface Request {
  timeoutMs: number;
  signal: AbortSignal | undefined;
  /** Will share a pipelined connection. */
  shared: boolean;
  /** Which connections its async context holds already. */
  context: Context | undefined;
}

/** Where one waits. Whoever is overdue or aborted must leave the queue first: it may have been served at that moment. */
export interface WaitingRoom {
  onOverdue(waiter: Waiter): void;
  onAborted(waiter: Waiter, reason: unknown): void;
}

/** Somebody in the queue, bound to a deadline and a signal; both are forgotten at the moment it is served. */
export class Waiter implements Receiver {
  readonly sinceMs: number;
  readonly shared: boolean;
  readonly context: Context | undefined;
  place: Place<Waiter> | undefined;
  readonly #receiver: Receiver;
  readonly #signal: AbortSignal | undefined;
  readonly #onAbort: (() => void) | undefined;
  readonly #timer: Timer;

  constructor(room: WaitingRoom, receiver: Receiver, request: Request, nowMs: number) {
    const { timeoutMs, signal, shared, context } = request;
    this.sinceMs = nowMs;
    this.shared = shared;
    this.context = context;
    this.#receiver = receiver;
    this.#signal = signal;
    this.#onAbort = signal && (() => room.onAborted(this, signal.reason));
    this.#timer = after(timeoutMs, () => room.onOverdue(this));
    if (this.#onAbort) signal?.addEventListener('abort', this.#onAbort);
  }

  grant(session: Session): void {
    this.#settle();
    this.#receiver.grant(session);
  }

  fail(error: unknown): void {
    this.#settle();
    this.#receiver.fail(error);
  }

  #settle(): void {
    clearTimeout(this.#timer);
    if (this.#onAbort) this.#signal?.removeEventListener('abort', this.#onAbort);
  }
}
