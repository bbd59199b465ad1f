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

/** Somebody in the queue. */
export interface Waiter extends Receiver {
  readonly sinceMs: number;
  /** Will share a pipelined connection. */
  readonly shared: boolean;
  /** Which connections its async context holds already. */
  readonly context: Context | undefined;
  place: Place<Waiter> | undefined;
}

/** What a caller asks for when there is nothing at once. */
export interface Request {
  timeoutMs: number;
  signal: AbortSignal | undefined;
  shared: boolean;
  context: Context | undefined;
}

export interface WaitOptions extends Request {
  nowMs: number;
  /** Both leave the queue first; false: it was served already. */
  onTimeout(waiter: Waiter): void;
  onAbort(waiter: Waiter): void;
}

/** Binds a receiver to its deadline and its signal; both are forgotten at the moment it is served. */
export function createWaiter(receiver: Receiver, options: WaitOptions): Waiter {
  const { timeoutMs, signal, nowMs, shared, context, onTimeout, onAbort } = options;
  const settle = () => {
    clearTimeout(timer);
    signal?.removeEventListener('abort', aborted);
  };
  const waiter: Waiter = {
    sinceMs: nowMs,
    shared,
    context,
    place: undefined,
    grant(session) {
      settle();
      receiver.grant(session);
    },
    fail(error) {
      settle();
      receiver.fail(error);
    },
  };
  const aborted = () => onAbort(waiter);
  const timer: Timer = after(timeoutMs, () => onTimeout(waiter));
  signal?.addEventListener('abort', aborted);
  return waiter;
}
